import type { Context, Progress } from '../src/context.ts';
import { messageOf } from '../src/errors.ts';
import { readAudit } from '../src/heal/index.ts';
import { takeScore } from '../src/lifecycle/score.ts';
import type { Stack } from '../src/model/stack.ts';
import { observeResources } from '../src/observe/resources.ts';
import { type DocumentOf, loadReporter } from '../src/report/index.ts';

const LOOK_MS = 2_000;
/** Its flows are requests like any other: they are not to become the load. */
const SCORE_MS = 30_000;
const SHOWN_STEPS = 4;
/** To the first cell, and everything behind it cleared (ECMA-48: CUP, ED). */
const REDRAW = '\u001b[H\u001b[J';
/** The picture is the progress. */
const SILENT: Progress = { step() {}, done() {}, failed() {}, stop() {} };

/** Prints what runs, the last score with its flows, and what heal did last, again and again until it is interrupted. */
export async function watchStatus(
  context: Context,
  open: () => Promise<Stack>,
  json: boolean,
): Promise<void> {
  const { io, clock, interrupted } = context;
  const print = await loadReporter(json ? 'json-lines' : 'terminal', 'status');
  const options = {
    width: io.columns,
    color: io.color,
    verbose: false,
  };
  const end = AbortSignal.any([interrupted, io.unread]);
  const quiet = { ...context, io: { ...io, progress: SILENT } };
  let live: NonNullable<DocumentOf<'status'>['live']> = { flows: [], heal: [] };
  let scoring: Promise<void> | undefined;
  let scoredAt = Number.NEGATIVE_INFINITY;
  while (!end.aborted) {
    const stack = await open();
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
    const text = print({ kind: 'status', stack: stack.name, ...observed, live }, options);
    io.out(io.interactive && !json ? `${REDRAW}${text}` : text);
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
