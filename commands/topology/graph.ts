import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const graph: Register = (group, run) => {
  group
    .command('graph')
    .description(OPERATIONS['topology graph'].about)
    .option('--json', 'print the result as JSON')
    .action(run(operate('topology graph')));
};
