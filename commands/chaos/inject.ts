import { BANDWIDTH, FLOOD, JITTER, LATENCY, SHARE } from '../../src/operations/bounds.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { number } from '../options/number.ts';

export const inject: Register = (group, run) => {
  group
    .command('inject')
    .argument('<fault>', 'a subject and a kind: broker-down, cache-slow (qbtc chaos list names them)')
    .description(OPERATIONS['chaos inject'].about)
    .option(
      '--latency <ms>',
      `slow: added to each piece of data (default: ${LATENCY.default})`,
      number(LATENCY),
    )
    .option('--jitter <ms>', 'slow: up to so much more or less', number(JITTER))
    .option('--bandwidth <bytes>', 'slow: the most that one connection carries a second', number(BANDWIDTH))
    .option('--loss <share>', 'slow: the share of pieces that are lost once, 0 to 1', number(SHARE))
    .option(
      '--reset <share>',
      'slow: the share of pieces that are answered by a reset, 0 to 1',
      number(SHARE),
    )
    .option('--count <messages>', `flood: how many (default: ${FLOOD.default})`, number(FLOOD))
    .option('--key <pattern>', 'expire: which keys')
    .option('--json', 'print the result as JSON')
    .action(run(operate('chaos inject', (options, [fault = '']) => ({ ...options, fault }))));
};
