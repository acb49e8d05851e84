import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const validate: Register = (group, run) => {
  group
    .command('validate')
    .description(OPERATIONS['events validate'].about)
    .argument('[files...]', 'JSON files, each with one event in its envelope')
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('events validate', (_, files) => ({ files }))));
};
