import { READY_TIMEOUT } from '../src/operations/bounds.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';
import { number } from './options/number.ts';

export const restart: Register = (program, run) => {
  program
    .command('restart')
    .argument('[names...]', 'resources and services; all that is not adopted when left out')
    .description(OPERATIONS.restart.about)
    .option(
      '--timeout <seconds>',
      'how long each part may take until it is ready',
      number(READY_TIMEOUT),
      READY_TIMEOUT.default,
    )
    .option('--json', 'print the result as JSON')
    .action(run(operate<{ timeout: number }>('restart', ({ timeout }, names) => ({ names, timeout }))));
};
