import { HEAL_TIMEOUT, INTERVAL, POINTS } from '../src/operations/bounds.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';
import { number } from './options/number.ts';
import { checkTogether } from './options/together.ts';

interface Options {
  watch?: boolean;
  dryRun?: boolean;
  retry?: boolean;
  below?: number;
  every?: number;
}

export const heal: Register = (program, run) => {
  program
    .command('heal')
    .description(OPERATIONS.heal.about)
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('-w, --watch', 'go on until Ctrl-C, and act when the score falls below the bar')
    .option('--below <points>', 'with --watch: the bar (default: heal.below of qbtc.yaml)', number(POINTS))
    .option(
      '--every <seconds>',
      'with --watch: between two looks (default: heal.every of qbtc.yaml)',
      number(INTERVAL),
    )
    .option('--retry', 'try again what was given up')
    .option(
      '--timeout <seconds>',
      'how long each part may take until it is ready',
      number(HEAL_TIMEOUT),
      HEAL_TIMEOUT.default,
    )
    .option('--json', 'print the result as JSON; with --watch one object a line')
    .action(
      run<Options>(async (context, { watch = false, ...options }, args) => {
        const { dryRun, retry, below, every } = options;
        checkTogether('heal', [
          watch && dryRun === true && '--dry-run looks once, --watch goes on',
          watch && retry === true && '--retry is for one look, --watch goes on',
          !watch && below !== undefined && '--below says when --watch acts',
          !watch && every !== undefined && '--every says how often --watch looks',
        ]);
        return operate(watch ? 'heal watch' : 'heal')(context, options, args);
      }),
    );
};
