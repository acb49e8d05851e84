import type { FlowResult } from '../model/flow.ts';
import type { ResourceObservation, Snapshot } from '../model/observation.ts';
import type { CheckCode, CheckResult, GateFailure, IgnoreRule } from '../model/score.ts';
import { hopSubject } from './checks/flow-hops.ts';

/**
 * What fails the gate, whatever the points are: a declared part that is dead, a flow that failed. What an ignore rule sets
 * aside fails nothing. A part that is starting for the first time is neither dead nor alive.
 */
export function failuresOf(
  { resources, flows }: Pick<Snapshot, 'resources' | 'flows'>,
  checks: readonly CheckResult[],
  rules: readonly IgnoreRule[],
): GateFailure[] {
  const isSetAside = (code: CheckCode, name: string) =>
    rules.some(({ check, subject }) => check === code && (subject === undefined || subject === name));
  const dead = resources.flatMap((part): GateFailure[] => {
    const state = deathOf(part);
    if (state === undefined || isSetAside('INFRA_RESOURCE_ACTIVE', part.name)) return [];
    return [{ kind: 'dead', subject: part.name, state, reason: part.reason }];
  });
  const ignored = new Set(
    checks.flatMap(({ code, subject, ignored: rule }) => (rule === undefined ? [] : [`${code} ${subject}`])),
  );
  const failed = flows.measured ? flows.value.filter(({ status }) => status === 'failed') : [];
  return [
    ...dead,
    ...failed
      .filter((flow) => !lostHops(flow).every((subject) => ignored.has(`CONNECTIVITY_HOP ${subject}`)))
      .map(
        (flow): GateFailure => ({ kind: 'flow', subject: flow.name, state: 'failed', reason: whyOf(flow) }),
      ),
  ];
}

function deathOf({ state, restarts }: ResourceObservation): GateFailure['state'] | undefined {
  if (state === 'active') return undefined;
  if (state !== 'starting') return state;
  return restarts > 0 ? 'restarting' : undefined;
}

/** The subjects of the hops that were not seen; a flow that failed before its first hop has one of its own. */
function lostHops(flow: FlowResult): string[] {
  const lost = flow.hops.flatMap((hop, index) => (hop.status === 'passed' ? [] : [hopSubject(flow, index)]));
  return lost.length > 0 ? lost : [flow.name];
}

function whyOf({ stoppedAt }: FlowResult): string {
  return stoppedAt === undefined
    ? ''
    : `stopped at hop ${stoppedAt.hop}, ${stoppedAt.subject}: ${stoppedAt.reason}`;
}
