import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

export const ps: Register = (program, run) => {
  program
    .command('ps')
    .description(OPERATIONS.ps.about)
    .option('--json', 'print the result as JSON')
    .action(run(operate('ps')));
};
