import type { Context } from '../context.ts';
import { EXIT, messageOf, QbtcError } from '../errors.ts';
import { runFlows, subjectsOf } from '../flow/index.ts';
import type { Stack } from '../model/stack.ts';
import type { Missing, WaitCondition, Waited, WaitResult } from '../model/wait.ts';
import { observeResources, PATIENCE_MS } from '../observe/resources.ts';
import { chooseProcesses } from './named.ts';
import { reopenStack } from './open.ts';
import { takeScore } from './score.ts';

/** Between two looks. Flows are requests like any other: they are not to become the load. */
const PAUSE_MS = { healthy: 500, score: 3_000, flow: 2_000 } as const;

/**
 * Waits until all conditions are met, one after the other, or the time is over. The stack is read anew at each look: an
 * `up` may be starting it meanwhile.
 *
 * @throws QbtcError `NAME_UNKNOWN`, `FLOW_UNKNOWN` at once: what is not declared will not come
 */
export async function waitFor(
  context: Context,
  opened: Stack,
  conditions: readonly WaitCondition[],
  timeoutMs: number,
): Promise<WaitResult> {
  const { clock, io, interrupted } = context;
  const begun = clock.monotonic();
  const isOver = AbortSignal.timeout(timeoutMs);
  const within = { ...context, interrupted: AbortSignal.any([interrupted, isOver]) };
  // Whole milliseconds: who measures by the system's timers takes no others.
  const leftMs = () => Math.max(1, Math.ceil(timeoutMs - (clock.monotonic() - begun)));
  const waited: Waited[] = [];
  for (const condition of conditions) {
    let missing: Missing[] = [];
    let met = false;
    while (!met && !isOver.aborted) {
      const seen = await look(within, opened, condition, leftMs());
      interrupted.throwIfAborted();
      met = seen?.length === 0;
      missing = seen ?? missing;
      if (met) break;
      io.progress.step(toldAs(condition), missing.map(({ name, reason }) => `${name}: ${reason}`).join('; '));
      await clock.sleep(Math.min(PAUSE_MS[condition.kind], leftMs()), within.interrupted).catch(() => {});
      interrupted.throwIfAborted();
    }
    waited.push({ condition, met, missing });
  }
  io.progress.stop();
  const met = waited.every((each) => each.met);
  return { stack: opened.name, met, tookMs: Math.round(clock.monotonic() - begun), waited };
}

/** What is missing now; `undefined` when the time was over before that was known. */
async function look(
  context: Context,
  opened: Stack,
  condition: WaitCondition,
  leftMs: number,
): Promise<Missing[] | undefined> {
  try {
    return await missingNow(context, await reopenStack(context, opened), condition, leftMs);
  } catch (error) {
    if (error instanceof QbtcError && error.exit === EXIT.usage) throw error;
    // An engine that starts, a qbtc.yaml that is being written: it may come right.
    return context.interrupted.aborted ? undefined : [{ name: toldAs(condition), reason: messageOf(error) }];
  }
}

async function missingNow(
  context: Context,
  stack: Stack,
  condition: WaitCondition,
  leftMs: number,
): Promise<Missing[]> {
  switch (condition.kind) {
    case 'healthy': {
      const names = chooseProcesses(stack, condition.names);
      const { resources } = await observeResources(context, stack, {
        patienceMs: Math.min(PATIENCE_MS, leftMs),
      });
      return resources
        .filter(({ name, state }) => names.includes(name) && state !== 'active')
        .map(({ name, state, reason }) => ({ name, reason: reason === '' ? state : `${state}: ${reason}` }));
    }
    case 'score': {
      const { score } = await takeScore(context, stack);
      if (score.adjusted >= condition.points) return [];
      return [{ name: 'score', reason: `${score.adjusted} of ${score.max}` }];
    }
    case 'flow': {
      const subjects = subjectsOf(context, stack);
      const flows = await runFlows(context, stack, { subjects, tag: condition.tag });
      return flows
        .filter(({ status }) => status === 'failed')
        .map(({ name, stoppedAt }) => ({ name, reason: stoppedAt?.reason ?? 'failed' }));
    }
  }
}

/** As the user writes it. */
function toldAs(condition: WaitCondition): string {
  switch (condition.kind) {
    case 'healthy':
      return 'healthy';
    case 'score':
      return `score=${condition.points}`;
    case 'flow':
      return `flow=${condition.tag}`;
  }
}
