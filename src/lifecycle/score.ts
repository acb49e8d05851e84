import type { Context } from '../context.ts';
import { runFlows, subjectsOf } from '../flow/index.ts';
import type { Snapshot } from '../model/observation.ts';
import type { Score } from '../model/score.ts';
import type { Stack } from '../model/stack.ts';
import { observe } from '../observe/index.ts';
import { recordOf, score, writeRecord } from '../score/index.ts';

/** Flows that tell in a moment whether every part does its work; others may wait for a market, or for a limit. */
const QUICK = 'smoke';

export interface TakenScore {
  snapshot: Snapshot;
  score: Score;
  /** Milliseconds. */
  tookMs: number;
}

export interface TakeScoreOptions {
  /** Whether the flows run; without them what they would prove counts as not measured. */
  flows?: boolean;
}

/** Takes one snapshot of the stack, its flows run for it, and judges it. */
export async function takeScore(
  context: Context,
  stack: Stack,
  { flows = true }: TakeScoreOptions = {},
): Promise<TakenScore> {
  const run = () => runFlows(context, stack, { subjects: subjectsOf(context, stack), preferred: QUICK });
  const begun = context.clock.monotonic();
  context.io.progress.step('score', `observing the stack${flows ? ', its flows running' : ''}`);
  try {
    const snapshot = await observe(context, stack, { flows: flows ? run : undefined });
    return { snapshot, score: score(snapshot, stack), tookMs: context.clock.monotonic() - begun };
  } finally {
    context.io.progress.stop();
  }
}

/** Adds a score to the history of the stack. A disk that cannot be written is no reason to have no score. */
export async function rememberScore(context: Context, stack: Stack, taken: Score): Promise<void> {
  await writeRecord(stack.root, recordOf(taken, await commitOf(context, stack, 'HEAD'))).catch(() => {});
}

/** The commit that a revision of the stack's repository names; `undefined` where there is none. */
export async function commitOf(
  { exec }: Pick<Context, 'exec'>,
  { root }: Pick<Stack, 'root'>,
  revision: string,
): Promise<string | undefined> {
  const { exitCode, stdout, notFound } = await exec(
    'git',
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`],
    { cwd: root, timeoutMs: 2_000 },
  );
  return notFound || exitCode !== 0 ? undefined : stdout.trim();
}
