import type { Context } from '../../context.ts';
import type { PartStatus, Runtime } from '../runtime.ts';
import type { ContainerStatus } from './containers.ts';
import { openContainers } from './stamped.ts';

/** How a container ends that was asked to: by itself, by SIGKILL, by SIGTERM. */
const STOPPED_CODES: ReadonlySet<number> = new Set([0, 137, 143]);

/** The containers of the stack at `root`; a part is a service of its compose file. */
export function containerRuntime(context: Pick<Context, 'docker'>, root: string): Runtime {
  const containers = openContainers(context, root);
  return {
    list: async () => (await containers.list()).map(containerPart),
    async stop(names) {
      const found = (await containers.list()).filter(
        ({ service, state }) => names.includes(service) && state === 'running',
      );
      await containers.stop(names);
      return [...new Set(found.map(({ service }) => service))];
    },
    remove: ({ volumes, onStopped }) => containers.down({ volumes, onStopped }),
    close() {},
  };
}

function containerPart(container: ContainerStatus): PartStatus {
  const { service, ports, pid, state, exitCode, failed, reason, restarts, health } = container;
  const common = { name: service, ports, pid, reason, restarts, wasReady: health !== 'starting' };
  if (state === 'running') return { ...common, lives: true };
  const stopped = !failed && exitCode !== undefined && STOPPED_CODES.has(exitCode);
  return {
    ...common,
    lives: false,
    state: state === 'restarting' || state === 'created' ? 'starting' : stopped ? 'stopped' : 'crashed',
  };
}
