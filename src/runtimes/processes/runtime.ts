import type { Context } from '../../context.ts';
import type { PartStatus, Runtime } from '../runtime.ts';
import { attachSupervisor, type OnEnding, type SupervisorClient, supervisorProgram } from './client.ts';
import { type ProcessStatus, STOPPED } from './protocol.ts';
import { readRunning } from './running-state.ts';

/** The processes of the stack at `root`; a part is a resource, an instance of a service, or a companion of one. */
export function processRuntime(
  context: Pick<Context, 'host' | 'clock' | 'installation'>,
  root: string,
): Runtime {
  let attached: SupervisorClient | undefined;
  const attach = async (onEnding?: OnEnding) => {
    attached ??= await attachSupervisor(context, root, supervisorProgram(context), onEnding);
    return attached;
  };
  return {
    // What a supervisor has written down is there without one, too.
    async list() {
      const processes = (await attached?.list()) ?? (await readRunning(context.host, root))?.processes ?? [];
      return processes.map(processPart);
    },
    async stop(names) {
      const supervisor = await attach();
      const own = ((await supervisor?.list()) ?? [])
        .filter(({ name, partOf: of }) => names.includes(name) || (of !== undefined && names.includes(of)))
        .filter(({ pid, state }) => pid !== undefined || state === 'restarting')
        // What stands beside a part goes after it.
        .sort((a, b) => Number(a.partOf !== undefined) - Number(b.partOf !== undefined))
        .map(({ name }) => name);
      for (const name of own) await supervisor?.stop(name);
      return own;
    },
    async remove({ onEnding, onStopped }) {
      const stopped: string[] = [];
      const supervisor = await attach((names) => {
        onEnding(names);
        stopped.push(...names);
      });
      const living = new Set(
        ((await supervisor?.list()) ?? []).filter(({ pid }) => pid !== undefined).map(({ name }) => name),
      );
      onEnding([...living]);
      await supervisor?.shutdown((name) => {
        if (!living.has(name)) return;
        stopped.push(name);
        onStopped(name);
      });
      attached = undefined;
      return { stopped, volumes: [] };
    },
    close: () => attached?.close(),
  };
}

/** How the process is, in the words of all runtimes. */
export function processPart({
  name,
  partOf: of,
  ports,
  pid,
  state,
  reason,
  restarts,
  kept,
}: ProcessStatus): PartStatus {
  const beside = of === undefined ? {} : { partOf: of };
  const common = { name, ...beside, ports, pid, reason, restarts, wasReady: kept };
  switch (state) {
    case 'restarting':
    case 'starting':
      return { ...common, lives: false, state: 'starting' };
    case 'quarantined':
      return { ...common, lives: false, state: 'crashed' };
    case 'exited':
      return { ...common, lives: false, state: reason === STOPPED ? 'stopped' : 'crashed' };
    default:
      return pid === undefined
        ? { ...common, lives: false, state: 'crashed', reason: 'its process is gone' }
        : { ...common, lives: true };
  }
}
