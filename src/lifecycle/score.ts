import type { Context } from '../context.ts';
import { runFlows, subjectsOf } from '../flow/index.ts';
import type { Snapshot } from '../model/observation.ts';
import type { Score } from '../model/score.ts';
import type { Stack } from '../model/stack.ts';
import { observe } from '../observe/index.ts';
import { score } from '../score/index.ts';

/** Flows that tell in a moment whether every part does its work; others may wait for a market, or for a limit. */
const QUICK = 'smoke';

/** Takes one snapshot of the stack, its flows run for it, and judges it. */
export async function takeScore(
  context: Context,
  stack: Stack,
): Promise<{ snapshot: Snapshot; score: Score }> {
  const flows = () => runFlows(context, stack, { subjects: subjectsOf(context, stack), preferred: QUICK });
  context.io.progress.step('score', 'observing the stack, its flows running');
  try {
    const snapshot = await observe(context, stack, { flows });
    return { snapshot, score: score(snapshot, stack) };
  } finally {
    context.io.progress.stop();
  }
}
