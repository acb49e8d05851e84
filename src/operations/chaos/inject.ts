import * as z from 'zod';
import { faultNamed, inject } from '../../chaos/index.ts';
import { BANDWIDTH, FLOOD, LATENCY, SHARE } from '../bounds.ts';
import { numberIn, operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    fault: z.string(),
    latency: numberIn(LATENCY).exactOptional(),
    jitter: numberIn(LATENCY).exactOptional(),
    bandwidth: numberIn(BANDWIDTH).exactOptional(),
    loss: numberIn(SHARE).exactOptional(),
    reset: numberIn(SHARE).exactOptional(),
    count: numberIn(FLOOD).exactOptional(),
    key: z.string().exactOptional(),
  },
  documents: ['injected'],
  async run(context, stack, { fault: name, latency, jitter, bandwidth, ...options }) {
    const fault = await faultNamed(stack, name, {
      held: true,
      ...options,
      ...(latency === undefined ? {} : { latencyMs: latency }),
      ...(jitter === undefined ? {} : { jitterMs: jitter }),
      ...(bandwidth === undefined ? {} : { bytesPerSecond: bandwidth }),
    });
    const { progress } = context.io;
    progress.step(name, 'injecting');
    await inject(context, stack, fault);
    progress.stop();
    return { document: { kind: 'injected', stack: stack.name, fault: name } };
  },
});
