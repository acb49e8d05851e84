import type { Context } from '../context.ts';
import type { ProbeResult } from '../resources/index.ts';
import {
  attachSupervisor,
  type ProcessSpec,
  startSupervisor,
  supervisorProgram,
} from '../runtimes/processes/index.ts';
import { withLock } from './lock.ts';
import { Parts } from './part.ts';
import { Processes } from './processes.ts';

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
    const program = supervisorProgram(context);
    const supervisor =
      (await attachSupervisor(context, root, program)) ?? (await startSupervisor(root, program));
    const running = { context, root, timeoutMs: READY_MS, parts: new Parts() };
    try {
      const processes = new Processes(running, async () => supervisor, new Map());
      await processes.start({ name: spec.name, probe, refusedHint: `see .qbtc/logs/${spec.name}.log` }, spec);
    } finally {
      supervisor.close();
    }
  });
}

/** Ends it; where it does not run nothing is done. */
export async function endCompanion(context: Context, root: string, name: string): Promise<void> {
  await withLock(root, `qbtc, ending ${name}`, async () => {
    const supervisor = await attachSupervisor(context, root, supervisorProgram(context));
    try {
      const runs = (await supervisor?.list())?.some((process) => process.name === name);
      if (runs === true) await supervisor?.stop(name);
    } finally {
      supervisor?.close();
    }
  });
}
