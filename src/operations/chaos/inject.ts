import * as z from 'zod';
import { faultNamed, inject } from '../../chaos/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'break something, and hold it so until chaos undo',
  effect: 'changes',
  input: z.object({
    fault: z.string(),
    latency: z.number().min(0).max(60_000).exactOptional(),
    jitter: z.number().min(0).max(60_000).exactOptional(),
    bandwidth: z.int().min(1).max(1e9).exactOptional(),
    loss: z.number().min(0).max(1).exactOptional(),
    reset: z.number().min(0).max(1).exactOptional(),
    count: z.int().min(1).max(100_000).exactOptional(),
    key: z.string().exactOptional(),
  }),
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
