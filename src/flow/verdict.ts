import type { HopResult } from '../model/flow.ts';
import type { FlowStep } from './flow.ts';
import type { StepOutcome } from './step-kind.ts';

/** What a step came to; `undefined` for one that was left out because the flow had stopped. */
export type SeenStep = { step: FlowStep; outcome: StepOutcome | undefined };

/**
 * The hops in the order of the flow, and the first one without evidence.
 *
 * The steps of a flow stand in causal order. So a hop about which nothing is known has been passed when a later
 * one was seen.
 *
 * @param startedAt `clock.monotonic()` when the flow began
 */
export function judge(
  steps: readonly SeenStep[],
  startedAt: number,
): { hops: HopResult[]; stop: { index: number; subject: string; reason: string } | undefined } {
  const hops: HopResult[] = [];
  let later: HopResult | undefined;
  for (const { step, outcome } of [...steps].reverse()) {
    const hop = toHop(step, outcome, later, startedAt);
    hops.unshift(hop);
    if (hop.status === 'passed' && (hop.atMs !== undefined || !later)) later = hop;
  }

  const index = hops.findIndex((hop) => hop.status !== 'passed');
  const stopped = hops[index];
  if (!stopped) return { hops, stop: undefined };
  for (const hop of hops.slice(index + 1)) if (hop.status === 'failed') hop.status = 'not-reached';
  stopped.status = 'failed';

  const before = hops[index - 1];
  return {
    hops,
    stop: {
      index,
      subject: steps[index]?.outcome?.blame ?? stopped.subject,
      reason: before ? `${before.evidence}, ${stopped.evidence}` : stopped.evidence,
    },
  };
}

function toHop(
  { hop: { proves, subject } }: FlowStep,
  outcome: StepOutcome | undefined,
  later: HopResult | undefined,
  startedAt: number,
): HopResult {
  const hop = { name: proves, subject };
  if (!outcome) return { ...hop, status: 'not-reached', evidence: 'not tried, as the flow had stopped' };
  const { status, evidence, seenAt } = outcome;
  if (status === 'failed' || (status === 'unseen' && !later)) return { ...hop, status: 'failed', evidence };
  const known = status === 'unseen' ? `${evidence}, but ${later?.evidence}` : evidence;
  // Seen only after a later hop: it was passed before that one, nobody knows when.
  const atMs = seenAt === undefined ? undefined : seenAt - startedAt;
  const isKnown = atMs !== undefined && atMs <= (later?.atMs ?? Number.POSITIVE_INFINITY);
  return { ...hop, status: 'passed', evidence: known, ...(isKnown ? { atMs } : {}) };
}
