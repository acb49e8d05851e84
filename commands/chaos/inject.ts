import type { Register } from '../command.ts';
import { integer, number } from '../numbers.ts';
import { operate } from '../operate.ts';

export const inject: Register = (group, run) => {
  group
    .command('inject')
    .argument('<fault>', 'a subject and a kind: broker-down, cache-slow (qbtc chaos list names them)')
    .description('break something, and hold it so until "qbtc chaos undo"')
    .option('--latency <ms>', 'slow: added to each piece of data (default: 200)', number(0, 60_000))
    .option('--jitter <ms>', 'slow: up to so much more or less', number(0, 60_000))
    .option('--bandwidth <bytes>', 'slow: the most that one connection carries a second', integer(1, 1e9))
    .option('--loss <share>', 'slow: the share of pieces that are lost once, 0 to 1', number(0, 1))
    .option('--reset <share>', 'slow: the share of pieces that are answered by a reset, 0 to 1', number(0, 1))
    .option('--count <messages>', 'flood: how many (default: 1000)', integer(1, 100_000))
    .option('--key <pattern>', 'expire: which keys')
    .option('--json', 'print the result as JSON')
    .action(run(operate('chaos inject', (options, [fault = '']) => ({ ...options, fault }))));
};
