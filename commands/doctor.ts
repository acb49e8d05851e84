import type { Register } from './command.ts';
import { operate } from './operate.ts';

export const doctor: Register = (program, run) => {
  program
    .command('doctor')
    .description('what this machine has for running the stack, what it lacks, and the fix for each')
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('doctor')));
};
