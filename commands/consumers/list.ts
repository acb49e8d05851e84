import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const list: Register = (group, run) => {
  group
    .command('list')
    .description('the consumers, declared and added; never a key')
    .option('--json', 'print the result as JSON')
    .action(run(operate('consumers list')));
};
