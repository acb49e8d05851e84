import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const list: Register = (group, run) => {
  group
    .command('list')
    .description('what secrets the stack has, what each is for, and which services get it; never a value')
    .option('--json', 'print the result as JSON')
    .action(run(operate('secrets list')));
};
