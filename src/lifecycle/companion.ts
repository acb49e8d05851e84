import type { Context } from '../context.ts';
import type { ProbeResult } from '../resources/index.ts';
import { type ProcessSpec, processRuntime } from '../runtimes/processes/index.ts';
import { withLock } from './lock.ts';
import { Parts } from './part.ts';
import { Starter } from './starter.ts';

const READY_MS = 20_000;

/**
 * Starts a process that stands beside the declared parts (a stand-in, a proxy), under the stack's supervisor, and
 * returns when it is ready.
 *
 * @throws QbtcError `PROCESS_ENDED`, `PROCESS_REFUSES`, `NOT_READY`, `LOCKED`
 */
export async function startCompanion(
  context: Context,
  root: string,
  spec: ProcessSpec,
  probe: () => Promise<ProbeResult>,
): Promise<void> {
  await withLock(root, `qbtc, starting ${spec.name}`, async () => {
    const processes = processRuntime(context, root);
    try {
      const starter = new Starter({ context, root, timeoutMs: READY_MS, parts: new Parts() }, processes, []);
      const started = await starter.start([spec]);
      const part = { name: spec.name, probe, refusedHint: `see .qbtc/logs/${spec.name}.log` };
      await starter.ready(part, spec.name, started.has(spec.name));
    } finally {
      processes.close();
    }
  });
}

/** Ends it; where it does not run nothing is done. */
export async function endCompanion(context: Context, root: string, name: string): Promise<void> {
  await withLock(root, `qbtc, ending ${name}`, async () => {
    const processes = processRuntime(context, root);
    try {
      await processes.stop([name]);
    } finally {
      processes.close();
    }
  });
}
