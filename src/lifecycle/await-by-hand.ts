import { untilReady } from '../resources/index.ts';
import type { PartStatus, Runtime } from '../runtimes/runtime.ts';
import type { Part, Running } from './part.ts';

/** Waits for what its user runs, which is neither started nor ended; what was to run in its place is ended. */
export async function awaitByHand(
  { context, timeoutMs, parts }: Running,
  processes: Runtime,
  before: PartStatus | undefined,
  part: Part,
  pid: number,
): Promise<void> {
  const { host, io } = context;
  if (before !== undefined && before.pid !== pid) await processes.stop([part.name]);
  await untilReady(context, {
    ...part,
    probe: () => part.probe({ pid }),
    whySilent: async () => part.whySilent?.({ pid }),
    deadlineMs: timeoutMs,
    ended: async () =>
      (await host.processStartTime(pid)) === undefined ? `pid ${pid}, run by hand, is gone` : undefined,
    onWaiting: (reason) => io.progress.step(part.name, `run by hand: ${reason}`),
  });
  parts.kept.push(part.name);
  io.progress.done(part.name, `run by hand (pid ${pid}), left alone`);
}
