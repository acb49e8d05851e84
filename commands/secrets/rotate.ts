import type { Register } from '../command.ts';
import { integer } from '../numbers.ts';
import { operate } from '../operate.ts';

interface Options {
  all: boolean;
  timeout: number;
}

export const rotate: Register = (group, run) => {
  group
    .command('rotate')
    .argument('[names...]', 'for example api-key')
    .description('put new values in the place of secrets, in the running stack')
    .option('--all', 'all that can be rotated', false)
    .option('--timeout <seconds>', 'how long each part may take until it is ready', integer(1, 3600), 60)
    .option('--json', 'print the result as JSON')
    .action(run(operate<Options>('secrets rotate', ({ all, timeout }, names) => ({ names, all, timeout }))));
};
