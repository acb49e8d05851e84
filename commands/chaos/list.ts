import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const list: Register = (group, run) => {
  group
    .command('list')
    .description('the experiments of the stack, the faults that it can have, and those that it has')
    .option('--json', 'print the result as JSON')
    .action(run(operate('chaos list')));
};
