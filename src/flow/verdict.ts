import type { HopResult } from '../model/flow.ts';
import type { FlowStep } from './flow.ts';
import type { StepOutcome } from './step-kind.ts';

/** What a step came to; `undefined` for one that was left out because the flow had stopped. */
export type SeenStep = {
  step: FlowStep;
  outcome: StepOutcome | undefined;
  /** For an unseen hop: its subject answers when it is asked by itself, so the silence comes from behind it. */
  subjectAnswers?: boolean;
};

/**
 * The hops in the order of the flow, and the first one without evidence.
 *
 * The steps of a flow stand in causal order. So a hop about which nothing is known has been passed when a later
 * one was seen. When none was, it is to blame only where nobody behind it can be: neither a resource that could not
 * be asked, nor the next hop that was looked for and missed while the subject of the unknown one answers by itself.
 *
 * @param startedAt `clock.monotonic()` when the flow began
 */
export function judge(
  steps: readonly SeenStep[],
  startedAt: number,
): { hops: HopResult[]; stop: { index: number; subject: string; reason: string } | undefined } {
  const hops: HopResult[] = [];
  let later: HopResult | undefined;
  for (const seen of [...steps].reverse()) {
    const hop = toHop(seen, later, startedAt);
    hops.unshift(hop);
    const vouches = hop.status === 'passed' && seen.outcome?.vouches !== false;
    if (vouches && (hop.atMs !== undefined || !later)) later = hop;
  }

  const index = hops.findIndex((hop, at) => hop.status !== 'passed' && !isExcused(steps, at));
  const stopped = hops[index];
  if (!stopped) return { hops, stop: undefined };
  for (const hop of hops) if (hop.status === 'failed') hop.status = 'not-reached';
  stopped.status = 'failed';

  return {
    hops,
    stop: {
      index,
      subject: steps[index]?.outcome?.blame ?? stopped.subject,
      // What the hops before it found stands with them: it is no reason.
      reason: stopped.evidence,
    },
  };
}

/** A silent request of which another hop is to blame. What stands after a step that was left out may miss that one. */
function isExcused(steps: readonly SeenStep[], index: number): boolean {
  const { outcome, subjectAnswers } = steps[index] ?? {};
  if (outcome?.status !== 'unseen') return false;
  const missed = steps
    .slice(index + 1)
    .find((later) => later.outcome === undefined || later.outcome.status === 'failed')?.outcome;
  return missed !== undefined && (missed.blame !== undefined || subjectAnswers === true);
}

function toHop(
  { step, outcome, subjectAnswers }: SeenStep,
  later: HopResult | undefined,
  startedAt: number,
): HopResult {
  const { proves, subject } = step.hop;
  const hop = { name: proves, subject, ...(outcome?.curl === undefined ? {} : { curl: outcome.curl }) };
  if (!outcome) return { ...hop, status: 'not-reached', evidence: 'not tried, as the flow had stopped' };
  const { status, evidence, seenAt } = outcome;
  if (status === 'failed') {
    return {
      ...hop,
      status,
      evidence,
      ...(outcome.details === undefined ? {} : { details: outcome.details }),
    };
  }
  if (status === 'unseen' && !later) {
    const excuse = subjectAnswers ? `, though ${subject} itself answers` : '';
    return { ...hop, status: 'failed', evidence: `${evidence}${excuse}` };
  }
  const known = status === 'unseen' ? `${evidence}, but ${later?.evidence}` : evidence;
  // Seen only after a later hop: it was passed before that one, nobody knows when.
  const atMs = seenAt === undefined ? undefined : seenAt - startedAt;
  const isKnown = atMs !== undefined && atMs <= (later?.atMs ?? Number.POSITIVE_INFINITY);
  return { ...hop, status: 'passed', evidence: known, ...(isKnown ? { atMs } : {}) };
}
