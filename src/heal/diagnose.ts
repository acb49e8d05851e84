import type { Problem, ProblemKind } from '../model/heal.ts';
import type { Measured } from '../model/measured.ts';
import type { ResourceObservation, Snapshot } from '../model/observation.ts';
import type { Change } from '../model/plan.ts';
import type { ResourceKind } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind } from '../resources/facts.ts';
import { rootCause, serviceOf } from '../score/index.ts';
import type { World } from './world.ts';

/**
 * What is wrong, each thing at its root, in the order in which it is to be mended: who supervises, then resources,
 * services, and what is declared. Pure. What is not well only because of another part is named with that part.
 */
export function diagnose(world: World, stack: Stack): Problem[] {
  const { snapshot } = world;
  if (isDown(snapshot)) return [problem('down', stack.name, 'nothing of it runs')];
  const found = [...unsupervised(snapshot), ...unwell(world, stack), ...drifted(snapshot, stack)];
  // With something else to blame, the flows need no reason of their own.
  return [...found, ...(found.length === 0 ? failing(snapshot) : []), ...letters(world)];
}

/** After a crash of everything the parts say so; stopped without a supervisor they are only after `down`. */
function isDown({ supervisor, resources }: Snapshot): boolean {
  const ours = resources.filter(({ provider }) => provider !== 'external');
  return supervisor === undefined && ours.length > 0 && ours.every(({ state }) => state === 'stopped');
}

function unsupervised({ supervisor, resources }: Snapshot): Problem[] {
  const ours = resources.filter(({ provider }) => provider !== 'docker' && provider !== 'external');
  // Where nothing runs nobody is missed.
  const isMissed = ours.some(({ pid }) => pid !== undefined);
  if (supervisor !== undefined || !isMissed) return [];
  const down = ours.filter(({ state }) => state !== 'active').map(({ name }) => name);
  return [
    problem('unsupervised', 'supervisor', 'the supervisor is gone: nobody restarts what crashes', down),
  ];
}

function unwell(world: World, stack: Stack): Problem[] {
  const { snapshot } = world;
  const names = new Map<string, ResourceObservation>();
  for (const part of snapshot.resources)
    if (part.state !== 'active') names.set(serviceOf(stack, part.name)?.name ?? part.name, part);
  const causes = new Map<string, string[]>();
  for (const name of names.keys()) {
    const cause = rootCause(snapshot, stack, name) ?? name;
    causes.set(cause, [...(causes.get(cause) ?? []), ...(cause === name ? [] : [name])]);
  }
  const problems = [...causes].flatMap(([name, victims]): Problem[] => {
    const part = names.get(name);
    if (part === undefined) return [];
    const { held } = part;
    const status = part.problem?.kind === 'status' ? part.problem.status : undefined;
    return [
      {
        ...problem(kindOf(part, world), name, reasonOf(part, world), victims),
        ...(held === undefined ? {} : { held }),
        ...(status === undefined ? {} : { status }),
      },
    ];
  });
  const leftOver = snapshot.resources
    .filter(({ state, standsIn }) => state === 'active' && standsIn === true)
    .map(({ name }) => problem('stood-in-for', name, `${name} is well again, and its stand-in still runs`));
  return [...problems, ...leftOver];
}

function kindOf(part: ResourceObservation, { holders }: World): ProblemKind {
  const { state, pid, provider, name, standsIn, problem: own } = part;
  if (standsIn === true) return 'stood-in-for';
  if (provider === 'external') return 'away';
  if (state === 'starting') return 'recovering';
  if (holders.some((holder) => holder.part === name)) return 'port-stolen';
  if (state === 'unhealthy' && own?.credentialRefused === true) return 'credential-refused';
  const runs = pid !== undefined || (provider === 'docker' && state === 'unhealthy');
  return runs ? 'not-answering' : 'not-running';
}

function reasonOf({ name, state, reason }: ResourceObservation, { holders }: World): string {
  const holder = holders.find(({ part }) => part === name);
  const own = reason === '' ? `${name} is ${state}` : reason;
  if (holder === undefined) return own;
  const pid = holder.pid === undefined ? 'of another user' : `pid ${holder.pid}`;
  const whose = holder.ours ? 'left over from this stack' : 'not of this stack';
  return `port ${holder.port} is held by ${holder.program} (${pid}), ${whose}; ${own}`;
}

function drifted({ topologyPlan, routePlan }: Snapshot, stack: Stack): Problem[] {
  const of = (kind: ProblemKind, resource: ResourceKind, plan: Measured<Change[]>): Problem[] => {
    const subject = resourceOfKind(stack, resource)?.name;
    if (subject === undefined || !plan.measured || plan.value.length === 0) return [];
    const [first] = plan.value;
    const more = plan.value.length > 1 ? ` and ${plan.value.length - 1} more` : '';
    return [problem(kind, subject, `${first?.action} ${first?.kind} ${first?.name}${more} to be declared`)];
  };
  return [...of('topology-drifted', 'rabbitmq', topologyPlan), ...of('routes-drifted', 'apisix', routePlan)];
}

function failing({ flows }: Snapshot): Problem[] {
  if (!flows.measured) return [];
  const bySubject = new Map<string, Problem>();
  for (const { name, stoppedAt } of flows.value) {
    if (stoppedAt === undefined || bySubject.has(stoppedAt.subject)) continue;
    const reason = `the flow ${name} stops at it: ${stoppedAt.reason}`;
    bySubject.set(stoppedAt.subject, problem('failing', stoppedAt.subject, reason));
  }
  return [...bySubject.values()];
}

/** What was given up while something was away may succeed now; what has died twice has another reason. */
function letters({ deadLetters }: World): Problem[] {
  return deadLetters.flatMap(({ queue, letters: all }) => {
    const fresh = all.filter(({ replays, type }) => replays === 0 && type !== undefined);
    if (fresh.length === 0) return [];
    const said = `${fresh.length} dead ${fresh.length === 1 ? 'letter' : 'letters'} never replayed: ${fresh[0]?.reason}`;
    return [problem('dead-letters', queue, said)];
  });
}

function problem(kind: ProblemKind, subject: string, reason: string, victims: string[] = []): Problem {
  return { kind, subject, reason, victims };
}
