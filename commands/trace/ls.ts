import type { Register } from '../command.ts';
import { integer } from '../numbers.ts';

interface Options {
  slow: boolean;
  failed: boolean;
  service?: string;
  over?: number;
  limit: number;
}

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
    .action(
      run<Options>(async (context, { slow, failed, service, over, limit }) => {
        const [{ openTraceStore }, { openStackHere }] = await Promise.all([
          import('../../src/trace/index.ts'),
          import('../../src/lifecycle/open.ts'),
        ]);
        const stack = await openStackHere(context);
        const traces = await openTraceStore(context, stack).traces({
          order: slow ? 'slowest' : 'newest',
          ...(failed ? { failed } : {}),
          ...(service === undefined ? {} : { service }),
          ...(over === undefined ? {} : { minDurationMs: over }),
          limit,
        });
        return { document: { kind: 'traces', stack: stack.name, traces } };
      }),
    );
};
