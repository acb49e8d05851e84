import type { Context, Progress } from '../../context.ts';
import { messageOf } from '../../errors.ts';
import { readAudit } from '../../heal/index.ts';
import { reopenStack } from '../../lifecycle/open.ts';
import { takeScore } from '../../lifecycle/score.ts';
import type { Stack } from '../../model/stack.ts';
import { observeResources } from '../../observe/resources.ts';
import type { DocumentOf } from '../../report/index.ts';
import { operationOf, type Tell } from '../operation.ts';

const LOOK_MS = 2_000;
/** Its flows are requests like any other: they are not to become the load. */
const SCORE_MS = 30_000;
const SHOWN_STEPS = 4;
/** The picture is the progress. */
const SILENT: Progress = { step() {}, done() {}, failed() {}, stop() {} };

export const operation = operationOf({
  effect: 'changes',
  input: {},
  documents: [],
  tells: 'status',
  async run(context, opened, _input, tell) {
    await watchStatus(context, opened, tell);
    return {};
  },
});

async function watchStatus(context: Context, opened: Stack, tell: Tell): Promise<void> {
  const { io, clock, interrupted } = context;
  const end = AbortSignal.any([interrupted, io.unread]);
  const quiet = { ...context, io: { ...io, progress: SILENT } };
  let live: NonNullable<DocumentOf<'status'>['live']> = { flows: [], heal: [] };
  let scoring: Promise<void> | undefined;
  let scoredAt = Number.NEGATIVE_INFINITY;
  let stack = opened;
  while (!end.aborted) {
    stack = await reopenStack(context, stack);
    if (scoring === undefined && clock.monotonic() - scoredAt >= SCORE_MS) {
      scoredAt = clock.monotonic();
      // In the background: what runs is shown meanwhile.
      scoring = scoreOf(quiet, stack)
        .then((taken) => {
          live = { ...live, ...taken };
        })
        .finally(() => {
          scoring = undefined;
        });
    }
    live = { ...live, heal: await readAudit(stack.root, SHOWN_STEPS) };
    const observed = await observeResources(context, stack);
    tell({ kind: 'status', stack: stack.name, ...observed, live });
    await clock.sleep(LOOK_MS, end).catch(() => {});
  }
  await scoring;
}

async function scoreOf(
  context: Context,
  stack: Stack,
): Promise<Pick<NonNullable<DocumentOf<'status'>['live']>, 'score' | 'flows' | 'unscored'>> {
  try {
    const { score, snapshot } = await takeScore(context, stack);
    const { adjusted, max, grade, failures, takenAt } = score;
    const flows = snapshot.flows.measured ? snapshot.flows.value : [];
    return {
      score: { adjusted, max, grade, failures, takenAt },
      flows: flows.map(({ name, status, durationMs }) => ({ name, status, durationMs })),
      unscored: '',
    };
  } catch (error) {
    return { flows: [], unscored: context.interrupted.aborted ? '' : messageOf(error) };
  }
}
