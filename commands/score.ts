import type { Register } from './command.ts';
import { number } from './numbers.ts';

interface Options {
  min?: number;
}

export const score: Register = (program, run) => {
  program
    .command('score')
    .description(
      'judge the running stack: 100 points, each lost one with its reason and the command that wins it back',
    )
    .option('--min <points>', 'end with 2 below this many points', number(0, 100))
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { min }) => {
        const [{ takeScore }, { openStackHere }, { EXIT }] = await Promise.all([
          import('../src/lifecycle/score.ts'),
          import('./open.ts'),
          import('../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const { score } = await takeScore(context, stack);
        const below = min !== undefined && score.total < min;
        return {
          document: { kind: 'score', score, target: min ?? stack.score.target },
          exit: below ? EXIT.findings : EXIT.done,
        };
      }),
    );
};
