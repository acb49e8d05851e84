import { TRACE_DURATION, TRACES } from '../../src/operations/bounds.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { number } from '../numbers.ts';
import { operate } from '../operate.ts';

export const ls: Register = (group, run) => {
  group
    .command('ls')
    .description(OPERATIONS['trace ls'].about)
    .option('--slow', 'the slowest first')
    .option('--failed', 'only traces in which something failed')
    .option('--service <name>', 'only traces that this service had a part in')
    .option('--over <milliseconds>', 'only traces that took at least so long', number(TRACE_DURATION))
    .option('-n, --limit <count>', 'how many', number(TRACES), TRACES.default)
    .option('--json', 'print the result as JSON')
    .action(run(operate('trace ls')));
};
