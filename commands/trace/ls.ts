import type { Register } from '../command.ts';
import { integer } from '../numbers.ts';
import { operate } from '../operate.ts';

export const ls: Register = (group, run) => {
  group
    .command('ls')
    .description('list traces, the newest first')
    .option('--slow', 'the slowest first', false)
    .option('--failed', 'only traces in which something failed', false)
    .option('--service <name>', 'only traces that this service had a part in')
    .option('--over <milliseconds>', 'only traces that took at least so long', integer(0, 86_400_000))
    .option('-n, --limit <count>', 'how many', integer(1, 1000), 20)
    .option('--json', 'print the result as JSON')
    .action(run(operate('trace ls')));
};
