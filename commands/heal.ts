import type { Register } from './command.ts';
import { integer, number } from './numbers.ts';
import { operate } from './operate.ts';

export const heal: Register = (program, run) => {
  program
    .command('heal')
    .description('mend what is broken, root cause first, and prove it; what is not ours is left alone')
    .option('--dry-run', 'say what would be done, and change nothing', false)
    .option('-w, --watch', 'go on until Ctrl-C, and act when the score falls below the bar', false)
    .option('--below <points>', 'with --watch: the bar (default: heal.below of qbtc.yaml)', number(0, 100))
    .option(
      '--every <seconds>',
      'with --watch: between two looks (default: heal.every of qbtc.yaml)',
      number(1, 86_400),
    )
    .option('--retry', 'try again what was given up', false)
    .option('--timeout <seconds>', 'how long each part may take until it is ready', integer(1, 3600), 30)
    .option('--json', 'print the result as JSON; with --watch one object a line')
    .action(run(operate<{ watch: boolean }>(({ watch }) => (watch ? 'heal watch' : 'heal'))));
};
