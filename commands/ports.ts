import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

export const ports: Register = (program, run) => {
  program
    .command('ports')
    .description(OPERATIONS.ports.about)
    .option('--json', 'print the result as JSON')
    .action(run(operate('ports')));
};
