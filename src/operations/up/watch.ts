import * as z from 'zod';
import { runFlows, subjectsOf } from '../../flow/index.ts';
import { up } from '../../lifecycle/up.ts';
import { watchStack } from '../../lifecycle/watch/index.ts';
import { operationOf } from '../operation.ts';
import { openForUp, upInput, upOptions } from './input.ts';

export const operation = operationOf({
  effect: 'changes',
  input: { ...upInput, test: z.string().exactOptional() },
  documents: [],
  tells: 'watch',
  open: openForUp,
  async run(context, stack, { test, ...given }, tell) {
    const { clock } = context;
    const options = upOptions(stack, given);
    // A mistake in a flow, or in the name of a tag, is told before anything is started.
    if (test !== undefined)
      await runFlows(context, stack, { subjects: subjectsOf(context, stack), tag: test, repeat: 0 });
    const first = await up(context, stack, options);
    const { only, apply, timeoutMs, placement } = options;
    await watchStack(context, stack, first, {
      ...{ only, apply, timeoutMs, placement, test },
      onEvent: (event) => tell({ kind: 'watch', at: new Date(clock.now()).toISOString(), ...event }),
    });
    return {};
  },
});
