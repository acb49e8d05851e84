import type { Service } from '../model/stack.ts';
import { untilReady } from '../resources/index.ts';
import type { Part, Running } from './part.ts';

/** Waits for a service that runs already, which is neither started nor ended. */
export async function awaitAdopted(
  { context, timeoutMs, parts }: Running,
  instances: readonly Part[],
  { url }: Pick<Service, 'url'>,
): Promise<void> {
  const { io } = context;
  for (const part of instances) {
    await untilReady(context, {
      ...part,
      probe: () => part.probe('adopted'),
      whySilent: async () => undefined,
      deadlineMs: timeoutMs,
      // Whether it will ever run is not ours to know.
      ended: async () => undefined,
      onWaiting: (reason) => io.progress.step(part.name, `is to run at ${url}: ${reason}`),
    });
    parts.kept.push(part.name);
    io.progress.done(part.name, `adopted at ${url}`);
  }
}
