import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

export const doctor: Register = (program, run) => {
  program
    .command('doctor')
    .description(OPERATIONS.doctor.about)
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('doctor')));
};
