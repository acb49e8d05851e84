import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const list: Register = (group, run) => {
  group
    .command('list')
    .description(OPERATIONS['consumers list'].about)
    .option('--json', 'print the result as JSON')
    .action(run(operate('consumers list')));
};
