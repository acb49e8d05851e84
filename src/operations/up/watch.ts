import * as z from 'zod';
import { runFlows, subjectsOf } from '../../flow/index.ts';
import { withInspected } from '../../lifecycle/inspected.ts';
import { up } from '../../lifecycle/up.ts';
import { watchStack } from '../../lifecycle/watch/index.ts';
import { programsOf } from '../../lifecycle/watch/types.ts';
import { INSPECT_PORT } from '../bounds.ts';
import { numberIn, operationOf } from '../operation.ts';
import { openForUp, upInput, upOptions } from './input.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    ...upInput,
    check: z.boolean().default(false),
    test: z.string().exactOptional(),
    inspect: z.string().exactOptional(),
    inspectPort: numberIn(INSPECT_PORT).default(INSPECT_PORT.default),
  },
  documents: [],
  tells: 'watch',
  open: openForUp,
  async run(context, opened, { check, test, inspect, inspectPort, ...given }, tell) {
    const { clock } = context;
    const inspected = inspect === undefined ? undefined : { service: inspect, port: inspectPort };
    const stack = withInspected(opened, inspected);
    const options = upOptions(stack, given);
    // A mistake in a flow, or in the name of a tag, is told before anything is started.
    if (test !== undefined)
      await runFlows(context, stack, { subjects: subjectsOf(context, stack), tag: test, repeat: 0 });
    if (check) await programsOf(stack, options.only.length === 0 ? undefined : options.only);
    const first = await up(context, stack, options);
    const { only, apply, timeoutMs, placement } = options;
    await watchStack(context, stack, first, {
      ...{ only, apply, timeoutMs, placement, check, test, inspected },
      onEvent: (event) => tell({ kind: 'watch', at: new Date(clock.now()).toISOString(), ...event }),
    });
    return {};
  },
});
