import * as z from 'zod';
import type { Context } from '../../context.ts';
import { EXIT, QbtcError } from '../../errors.ts';
import { commitOf, rememberScore, takeScore } from '../../lifecycle/score.ts';
import type { ScoreRecord } from '../../model/score.ts';
import type { Stack } from '../../model/stack.ts';
import { compare, findRecord, hasFallen, readHistory } from '../../score/index.ts';
import { POINTS } from '../bounds.ts';
import { exitFor } from '../exit.ts';
import { numberIn, operationOf } from '../operation.ts';

/** How much of the history the report draws. */
const DRAWN = 40;

export const operation = operationOf({
  effect: 'changes',
  input: {
    min: numberIn(POINTS).exactOptional(),
    strict: z.boolean().default(false),
    compare: z.string().default('last'),
    regression: z.boolean().default(true),
  },
  documents: ['score'],
  async run(context, stack, { min, strict, compare: word, regression }) {
    const history = await readHistory(stack.root);
    const earlier = await findEarlier(context, stack, history, word);
    const { score, tookMs } = await takeScore(context, stack);
    await rememberScore(context, stack, score);
    const comparison = earlier && compare(score, earlier);
    const fallsShort =
      score.failures.length > 0 ||
      (min !== undefined && score.adjusted < min) ||
      (strict && score.notMeasured.length > 0) ||
      (!regression && comparison !== undefined && hasFallen(comparison, score));
    return {
      document: {
        kind: 'score',
        score,
        target: min ?? stack.score.target,
        tookMs,
        history: history.slice(-DRAWN).map(({ takenAt, adjusted }) => ({ takenAt, adjusted })),
        ...(comparison === undefined ? {} : { comparison }),
      },
      exit: exitFor(fallsShort),
    };
  },
});

/** The score to compare with. That there is no last one yet is no mistake. */
async function findEarlier(
  context: Context,
  stack: Stack,
  history: ScoreRecord[],
  word: string,
): Promise<ScoreRecord | undefined> {
  const named = findRecord(history, word);
  if (named !== undefined || word === 'last') return named;
  const found = findRecord(history, (await commitOf(context, stack, word)) ?? '');
  if (found !== undefined) return found;
  const span =
    history.length === 0
      ? 'none was taken yet: qbtc score takes one'
      : `there are ${history.length}, from ${history[0]?.takenAt} to ${history.at(-1)?.takenAt}`;
  throw new QbtcError('SCORE_UNKNOWN', `no score of ${stack.name} is known by "${word}"`, {
    exit: EXIT.usage,
    hint: `${span}; expected last, a day (2030-12-31), a time, or a commit`,
  });
}
