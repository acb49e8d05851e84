import type { Register } from './command.ts';
import { operate } from './operate.ts';

export const down: Register = (program, run) => {
  program
    .command('down')
    .description('end every process of the stack; what was adopted goes on')
    .option('--volumes', 'remove the data too (database, queues)', false)
    .option('--json', 'print the result as JSON')
    .action(run(operate('down')));
};
