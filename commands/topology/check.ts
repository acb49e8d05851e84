import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const check: Register = (group, run) => {
  group
    .command('check')
    .description(OPERATIONS['topology check'].about)
    .option('--strict', 'exit code 2 for warnings, too')
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('topology check')));
};
