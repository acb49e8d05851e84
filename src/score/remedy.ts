import { join, relative } from 'node:path';
import type { Measured } from '../model/measured.ts';
import type { Snapshot } from '../model/observation.ts';
import type { Change } from '../model/plan.ts';
import type { Fix } from '../model/score.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind } from '../resources/facts.ts';
import { partsNamed, rootCause } from './cause.ts';

/** A command that can win the points back; or, where only a person can, what to look at. */
export type Remedy = Omit<Fix, 'why'>;

/**
 * What helps with a resource or service: what helps with the deepest part that it depends on and that is not well.
 * `up` starts what does not run, and names what stands in its way. What runs and is not well has to be ended first. What
 * is well in itself and fails another check has to be changed by hand.
 *
 * @param file where that is done, relative to the stack; the service's own code when left out
 */
export function remedyFor(snapshot: Snapshot, stack: Stack, name: string, file?: string): Remedy {
  const own = partsNamed(snapshot, stack, name);
  if (own.length > 0 && own.every(({ state }) => state === 'active')) return byHandFor(stack, name, file);
  return remedyForPart(snapshot, stack, rootCause(snapshot, stack, name) ?? name);
}

/** The same for what needs all that `name` depends on, although `name` itself is well: a request that passes it. */
export function remedyForPath(snapshot: Snapshot, stack: Stack, name: string): Remedy | undefined {
  const cause = rootCause(snapshot, stack, name);
  return cause === undefined ? undefined : remedyForPart(snapshot, stack, cause);
}

/** What closes it. A command that has just failed for the same reason is none. */
function remedyForPart(snapshot: Snapshot, stack: Stack, name: string): Remedy {
  const unwell = partsNamed(snapshot, stack, name).find(({ state }) => state !== 'active');
  const file = pathIn(stack, stack.file);
  if (unwell === undefined) return { cause: name, command: 'qbtc up' };
  const { held, provider, state, pid, problem, ports, restarts, engineAway } = unwell;
  if (held !== undefined) return { cause: name, command: 'qbtc chaos undo' };
  if (provider === 'external')
    return { cause: name, byHand: `${name} is not run by qbtc: start it, or change its address in ${file}` };
  if (engineAway === true) return { cause: name, command: 'qbtc doctor' };
  const look = `"qbtc logs ${unwell.name}" shows what it did`;
  if (problem?.kind === 'stranger' || problem?.kind === 'other-name')
    return {
      cause: name,
      byHand: `end what holds port ${ports.join(', ')} ("qbtc ports" shows it), or give ${name} another port in ${file}`,
    };
  // The path is wrong, or asks for a key: starting it again changes nothing.
  if (problem?.status !== undefined && problem.status < 500)
    return {
      cause: name,
      byHand: `name the path of its health document in ${file} (health of ${name}), or serve it there`,
    };
  if (problem?.kind === 'unready')
    return { cause: name, byHand: `${unwell.reason}, which its health in ${file} asks for: ${look}` };
  if (state === 'starting' && pid !== undefined)
    return {
      cause: name,
      byHand: `it runs and does not answer as it should on port ${ports.join(', ')}, which it gets as PORT: ${look}`,
    };
  if (restarts > 0 && state !== 'unhealthy')
    return { cause: name, byHand: `mend what ends it: ${look}`, command: 'qbtc up' };
  const hasToEnd = state === 'unhealthy' && pid !== undefined;
  return { cause: name, command: hasToEnd ? `qbtc restart ${name}` : 'qbtc up' };
}

function byHandFor(stack: Stack, name: string, file: string | undefined): Remedy {
  const service = stack.services.find((candidate) => candidate.name === name);
  const code = service ? pathIn(stack, join(service.path, service.entry ?? '')) : pathIn(stack, stack.file);
  return { cause: name, byHand: `look into ${file ?? code}; "qbtc logs ${name}" shows what ${name} did` };
}

const APPLYING = {
  routes: { applies: 'routes', command: 'qbtc routes sync' },
  topology: { applies: 'topology', command: 'qbtc topology apply' },
} as const;

/**
 * What brings a plan to nothing: the command that applies it, or, as that leaves out blocked changes, a person.
 *
 * @returns `undefined` when no change is open or the plan was not measured
 */
function remedyForPlan(
  plan: Measured<Change[]>,
  cause: string,
  applies: NonNullable<Fix['applies']>,
  file: string,
): Remedy | undefined {
  if (!plan.measured || plan.value.length === 0) return undefined;
  const blocked = plan.value.find((change) => change.blocked !== undefined);
  if (!blocked) return { cause, ...APPLYING[applies] };
  return { cause, byHand: `look into ${file}; ${blocked.kind} ${blocked.name}: ${blocked.blocked}` };
}

/** What brings the gateway to what the stack declares. */
export function remedyForRoutes({ routePlan }: Snapshot, stack: Stack): Remedy | undefined {
  const gateway = resourceOfKind(stack, 'apisix')?.name ?? stack.name;
  return remedyForPlan(routePlan, gateway, 'routes', pathIn(stack, stack.file));
}

/** What brings the broker to what the stack declares. */
export function remedyForTopology({ topologyPlan }: Snapshot, stack: Stack): Remedy | undefined {
  const cause = resourceOfKind(stack, 'rabbitmq')?.name ?? stack.name;
  const open = topologyPlan.measured ? topologyPlan.value : [];
  const migration = open.find(({ kind, needsMigration }) => kind === 'queue' && needsMigration === true);
  // What can be applied comes first: a migration binds its queue to exchanges that must be there.
  if (migration !== undefined && open.every(({ blocked }) => blocked !== undefined))
    return { cause, command: `qbtc topology migrate ${migration.name}` };
  if (migration !== undefined) return { cause, ...APPLYING.topology };
  const file = pathIn(stack, stack.topologyFiles[0] ?? stack.file);
  return remedyForPlan(topologyPlan, cause, 'topology', file);
}

/** A file as the user would type it in the folder of the stack. */
export function pathIn({ root }: Stack, file: string): string {
  return relative(root, file) || '.';
}
