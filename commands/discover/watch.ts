import type { Context } from '../../src/context.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { Outcome } from '../command.ts';
import { type Options, whereOf } from './options.ts';

/** Prints each change until it is interrupted, or nobody reads it any more. */
export async function watch(context: Context, stack: Stack, options: Options): Promise<Outcome> {
  const [{ watchAndRegister }, { openPrinter }] = await Promise.all([
    import('../../src/lifecycle/discover.ts'),
    import('../printer.ts'),
  ]);
  const { io, interrupted } = context;
  const print = await openPrinter(context, 'service-change', options);
  io.err('watching, Ctrl-C ends it\n');
  await watchAndRegister(context, stack, {
    ...whereOf(options),
    register: options.register,
    onChange: print,
    end: AbortSignal.any([interrupted, io.unread]),
  });
  return {};
}
