import * as z from 'zod';
import { runFlows, subjectsOf } from '../flow/index.ts';
import { FLOW_REPEATS, PARALLEL_FLOWS } from './bounds.ts';
import { exitFor } from './exit.ts';
import { numberIn, operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    only: z.string().exactOptional(),
    tag: z.string().exactOptional(),
    disruptive: z.boolean().default(false),
    repeat: numberIn(FLOW_REPEATS).default(FLOW_REPEATS.default),
    parallel: numberIn(PARALLEL_FLOWS).exactOptional(),
    bail: z.boolean().default(false),
    curl: z.boolean().default(false),
    hops: z.boolean().default(false),
  },
  documents: ['flows'],
  async run(context, stack, { curl, hops, ...options }) {
    const { progress, interactive } = context.io;
    let left = 0;
    const flows = await runFlows(context, stack, {
      ...options,
      subjects: subjectsOf(context, stack),
      onLeft(count) {
        left = count;
      },
      onProgress({ flow, hop, of, subject, ...state }) {
        if (!interactive) return;
        const doing =
          state.state === 'trying' ? `try ${state.try}/${state.tries}: ${state.last}` : state.state;
        progress.step(flow, `hop ${hop}/${of}, ${subject}: ${doing}`);
      },
    });
    progress.stop();
    return {
      document: { kind: 'flows', flows, curl, hops, left },
      exit: exitFor(flows.some(({ status }) => status === 'failed')),
    };
  },
});
