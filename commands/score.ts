import type { Context } from '../src/context.ts';
import type { ScoreRecord } from '../src/model/score.ts';
import type { Stack } from '../src/model/stack.ts';
import type { Register } from './command.ts';
import { number } from './numbers.ts';

interface Options {
  min?: number;
  strict: boolean;
  compare?: string;
  regression: boolean;
  explain?: string;
  html?: string;
  junit?: string;
}

/** How much of the history the report draws. */
const DRAWN = 40;

export const score: Register = (program, run) => {
  program
    .command('score')
    .description(
      'judge the running stack: 100 points, each lost one with its reason and the command that wins it back; ends with 2 when a part is dead or a flow fails',
    )
    .option('--min <points>', 'end with 2 below this many points', number(0, 100))
    .option('--strict', 'end with 2 when anything could not be measured', false)
    .option('--compare <ref>', 'compare with an earlier score: last, a day or time, a commit', 'last')
    .option('--no-regression', 'end with 2 when it is lower than the earlier one')
    .option('--explain <code>', 'say what a check judges, and measure nothing')
    .option('--html <file>', 'also write it as one page that needs nothing else')
    .option('--junit <file>', 'also write it as JUnit XML, a case for each check')
    .option('--markdown', 'print the result as Markdown, for a pull request')
    .option('--prometheus', 'print the result as Prometheus metrics')
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run<Options>(async (context, options) => {
        if (options.explain !== undefined) {
          const { explainCheck } = await import('./explain-check.ts');
          return { document: explainCheck(options.explain) };
        }
        const [{ takeScore, rememberScore }, { compare, readHistory }, { openStackHere }, { EXIT }, files] =
          await Promise.all([
            import('../src/lifecycle/score.ts'),
            import('../src/score/index.ts'),
            import('../src/lifecycle/open.ts'),
            import('../src/errors.ts'),
            import('./report-file.ts'),
          ]);
        const stack = await openStackHere(context);
        const history = await readHistory(stack.root);
        const earlier = await findEarlier(context, stack, history, options.compare ?? 'last');
        const { score, tookMs } = await takeScore(context, stack);
        await rememberScore(context, stack, score);
        const comparison = earlier && compare(score, earlier);
        const document = {
          kind: 'score' as const,
          score,
          target: options.min ?? stack.score.target,
          tookMs,
          history: history.slice(-DRAWN).map(({ takenAt, adjusted }) => ({ takenAt, adjusted })),
          ...(comparison === undefined ? {} : { comparison }),
        };
        if (options.html !== undefined) await files.writeReport(context, document, 'html', options.html);
        if (options.junit !== undefined) await files.writeReport(context, document, 'junit', options.junit);
        const fallsShort =
          score.failures.length > 0 ||
          (options.min !== undefined && score.adjusted < options.min) ||
          (options.strict && score.notMeasured.length > 0) ||
          (!options.regression && (comparison?.difference ?? 0) < 0);
        return { document, exit: fallsShort ? EXIT.findings : EXIT.done };
      }),
    );
};

/** The score to compare with. That there is no last one yet is no mistake. */
async function findEarlier(
  context: Context,
  stack: Stack,
  history: ScoreRecord[],
  word: string,
): Promise<ScoreRecord | undefined> {
  const [{ findRecord }, { commitOf }, { EXIT, QbtcError }] = await Promise.all([
    import('../src/score/index.ts'),
    import('../src/lifecycle/score.ts'),
    import('../src/errors.ts'),
  ]);
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
