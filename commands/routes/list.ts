import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const list: Register = (group, run) => {
  group
    .command('list')
    .description('the routes of the gateway: where they lead, whose they are, what runs on them')
    .option('--json', 'print the result as JSON')
    .action(run(operate('routes list')));
};
