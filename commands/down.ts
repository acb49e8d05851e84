import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

export const down: Register = (program, run) => {
  program
    .command('down')
    .description(OPERATIONS.down.about)
    .option('--volumes', 'remove the data too (database, queues)')
    .option('--json', 'print the result as JSON')
    .action(run(operate('down')));
};
