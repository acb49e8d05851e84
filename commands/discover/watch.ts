import type { Context } from '../../src/context.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { Outcome } from '../command.ts';
import { type Options, whereOf } from './options.ts';

/** Prints each change until it is interrupted, or nobody reads it any more. */
export async function watch(context: Context, stack: Stack, options: Options): Promise<Outcome> {
  const [{ watchAndRegister }, { createReporter }] = await Promise.all([
    import('../../src/lifecycle/discover.ts'),
    import('../../src/report/index.ts'),
  ]);
  const { io, interrupted } = context;
  const print = createReporter(options.json === true ? 'json-lines' : 'terminal', {
    width: io.columns,
    color: io.color,
    verbose: false,
  });
  io.err('watching, Ctrl-C ends it\n');
  await watchAndRegister(context, stack, {
    ...whereOf(options),
    register: options.register,
    onChange: (change) => io.out(print({ kind: 'service-change', ...change })),
    end: AbortSignal.any([interrupted, io.unread]),
  });
  return {};
}
