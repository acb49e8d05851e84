import type { Register } from './command.ts';
import { operate } from './operate.ts';

export const ports: Register = (program, run) => {
  program
    .command('ports')
    .description('every port of the stack, whose it is, and who listens on it now')
    .option('--json', 'print the result as JSON')
    .action(run(operate('ports')));
};
