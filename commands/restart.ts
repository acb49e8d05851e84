import type { Register } from './command.ts';
import { integer } from './numbers.ts';
import { operate } from './operate.ts';

export const restart: Register = (program, run) => {
  program
    .command('restart')
    .argument('[names...]', 'resources and services; all that is not adopted when left out')
    .description('end some of the stack, start it again, and return when it is ready')
    .option('--timeout <seconds>', 'how long each part may take until it is ready', integer(1, 3600), 60)
    .option('--json', 'print the result as JSON')
    .action(run(operate<{ timeout: number }>('restart', ({ timeout }, names) => ({ names, timeout }))));
};
