import type { Register } from '../command.ts';
import { integer } from '../numbers.ts';

interface Options {
  type?: string;
  correlation?: string;
  exchange?: string;
  count?: number;
  json?: boolean;
}

export const tail: Register = (group, run) => {
  group
    .command('tail')
    .description('follow events as they pass, without taking them from anybody')
    .argument('[keys...]', 'binding keys such as llm.#; everything when left out')
    .option('--type <event>', 'only events of this type')
    .option('--correlation <id>', 'only events with this correlation id')
    .option('--exchange <name>', 'another exchange than qbtc.topic')
    .option('-n, --count <count>', 'end after so many', integer(1, 1_000_000_000))
    .option('--json', 'print one object a line')
    .action(
      run<Options>(async (context, options, keys) => {
        const [{ openContractsIfAny, tailEvents }, { openStackHere }, { openPrinter }] = await Promise.all([
          import('../../src/events/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('../printer.ts'),
        ]);
        const stack = await openStackHere(context);
        const contracts = await openContractsIfAny(stack);
        const { io } = context;
        const print = await openPrinter(context, 'event', options);
        const { type, correlation, exchange, count } = options;
        await tailEvents(context, stack, {
          keys: keys.length === 0 ? ['#'] : keys,
          ...(type === undefined ? {} : { type }),
          ...(correlation === undefined ? {} : { correlationId: correlation }),
          ...(exchange === undefined ? {} : { exchange }),
          ...(count === undefined ? {} : { count }),
          contracts,
          onReady: () => io.err('following, Ctrl-C ends it\n'),
          onEvent: print,
          end: AbortSignal.any([context.interrupted, io.unread]),
        });
        return {};
      }),
    );
};
