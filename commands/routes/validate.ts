import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const validate: Register = (group, run) => {
  group
    .command('validate')
    .description(`${OPERATIONS['routes validate'].about}; exit code 2 when not`)
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('routes validate')));
};
