import { TRACE_DURATION, TRACES } from '../../src/operations/bounds.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { number } from '../options/number.ts';
import { checkTogether } from '../options/together.ts';

/** Those of `qbtc trace` are read before `ls`, too. */
interface Options {
  last?: boolean;
  correlation?: string;
}

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
    .action(
      run<Options>((context, { last, correlation, ...options }, args) => {
        checkTogether('trace ls', [
          last === true && '--last draws one trace, ls lists them',
          correlation !== undefined && '--correlation draws one trace, ls lists them',
        ]);
        return operate('trace ls')(context, options, args);
      }),
    );
};
