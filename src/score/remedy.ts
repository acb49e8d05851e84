import { join, relative } from 'node:path';
import { instancesOf } from '../infra/index.ts';
import type { Measured } from '../model/measured.ts';
import type { Snapshot } from '../model/observation.ts';
import type { Change } from '../model/plan.ts';
import type { CheckResult } from '../model/score.ts';
import type { Stack } from '../model/stack.ts';

/** A command that can win the points back; or, where only a person can, what to look at. */
export type Remedy = Omit<NonNullable<CheckResult['fix']>, 'why'>;

/**
 * What helps with a resource or service. `up` starts what does not run, and names what stands in its way. What runs and
 * is not well has to be ended first. What is well in itself and fails another check has to be changed by hand.
 *
 * @param file where that is done, relative to the stack; the service's own code when left out
 */
export function remedyFor(snapshot: Snapshot, stack: Stack, name: string, file?: string): Remedy {
  const service = stack.services.find((candidate) => candidate.name === name);
  const names = service ? instancesOf(service).map((instance) => instance.name) : [name];
  const instances = snapshot.resources.filter((resource) => names.includes(resource.name));
  const unwell = instances.find((instance) => instance.state !== 'active');
  if (instances.length > 0 && !unwell) {
    const code = service ? pathIn(stack, join(service.path, service.entry ?? '')) : pathIn(stack, stack.file);
    return { byHand: `look into ${file ?? code}; "qbtc logs ${name}" shows what ${name} did` };
  }
  if (unwell?.provider === 'external') {
    return {
      byHand: `${name} is not run by qbtc: start it, or change its address in ${pathIn(stack, stack.file)}`,
    };
  }
  const hasToEnd = unwell?.state === 'unhealthy' && unwell.pid !== undefined;
  return { command: hasToEnd ? 'qbtc down && qbtc up' : 'qbtc up' };
}

/**
 * What brings a plan to nothing: the command that applies it, or, as that leaves out blocked changes, a person.
 *
 * @returns `undefined` when no change is open or the plan was not measured
 */
function remedyForPlan(plan: Measured<Change[]>, command: string, file: string): Remedy | undefined {
  if (!plan.measured || plan.value.length === 0) return undefined;
  const blocked = plan.value.find((change) => change.blocked !== undefined);
  if (!blocked) return { command };
  return { byHand: `look into ${file}; ${blocked.kind} ${blocked.name}: ${blocked.blocked}` };
}

/** What brings the gateway to what the stack declares. */
export function remedyForRoutes({ routePlan }: Snapshot, stack: Stack): Remedy | undefined {
  return remedyForPlan(routePlan, 'qbtc routes sync', pathIn(stack, stack.file));
}

/** What brings the broker to what the stack declares. */
export function remedyForTopology({ topologyPlan }: Snapshot, stack: Stack): Remedy | undefined {
  const open = topologyPlan.measured ? topologyPlan.value : [];
  const migration = open.find(({ kind, reason }) => kind === 'queue' && reason === 'needs migration');
  // What can be applied comes first: a migration binds its queue to exchanges that must be there.
  if (migration !== undefined && open.every(({ blocked }) => blocked !== undefined))
    return { command: `qbtc topology migrate ${migration.name}` };
  if (migration !== undefined) return { command: 'qbtc topology apply' };
  return remedyForPlan(topologyPlan, 'qbtc topology apply', pathIn(stack, stack.topologyFile ?? stack.file));
}

/** A file as the user would type it in the folder of the stack. */
export function pathIn({ root }: Stack, file: string): string {
  return relative(root, file);
}
