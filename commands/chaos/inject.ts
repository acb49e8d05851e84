import type { FaultOptions } from '../../src/model/chaos.ts';
import type { Register } from '../command.ts';
import { integer, number } from '../numbers.ts';

interface Options {
  latency?: number;
  jitter?: number;
  bandwidth?: number;
  loss?: number;
  reset?: number;
  count?: number;
  key?: string;
}

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
    .action(
      run<Options>(async (context, options, [name = '']) => {
        const [{ faultNamed, inject }, { openStackHere }] = await Promise.all([
          import('../../src/chaos/index.ts'),
          import('../../src/lifecycle/open.ts'),
        ]);
        const stack = await openStackHere(context);
        const fault = await faultNamed(stack, name, faultOptions(options));
        const { progress } = context.io;
        progress.step(name, 'injecting');
        await inject(context, stack, fault);
        progress.stop();
        return { document: { kind: 'injected', stack: stack.name, fault: name } };
      }),
    );
};

function faultOptions({ latency, jitter, bandwidth, loss, reset, count, key }: Options): FaultOptions {
  return {
    held: true,
    ...(latency === undefined ? {} : { latencyMs: latency }),
    ...(jitter === undefined ? {} : { jitterMs: jitter }),
    ...(bandwidth === undefined ? {} : { bytesPerSecond: bandwidth }),
    ...(loss === undefined ? {} : { loss }),
    ...(reset === undefined ? {} : { reset }),
    ...(count === undefined ? {} : { count }),
    ...(key === undefined ? {} : { key }),
  };
}
