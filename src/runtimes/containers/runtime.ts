import type { Context } from '../../context.ts';
import type { Stack } from '../../model/stack.ts';
import type { PartStatus, Runtime, StartingRuntime } from '../runtime.ts';
import type { ContainerDriver, ContainerProgress, ContainerStatus } from './containers.ts';
import { compareDeclarations, type Declarations } from './declarations.ts';
import { openDriver } from './open-driver.ts';
import { sharedLook } from './shared-look.ts';
import { openContainers } from './stamped.ts';
import { isAlive } from './status.ts';

/** How a container ends that was asked to: by itself, by SIGKILL, by SIGTERM. */
const STOPPED_CODES: ReadonlySet<number> = new Set([0, 137, 143]);

/** A service of the compose file. */
export interface ComposeService {
  service: string;
  /** Whether its image is another one than that of its container: then that is made anew. */
  hasNewImage?: boolean;
}

/** The containers of the stack at `root`; a part is a service of its compose file. */
export function containersAt(context: Pick<Context, 'docker'>, root: string): Runtime {
  const containers = openContainers(context, root);
  return {
    runs: 'container',
    list: async () => (await containers.list()).map(containerPart),
    async stop(names) {
      const found = (await containers.list()).filter((each) => names.includes(each.service) && isAlive(each));
      await containers.stop(names);
      return [...new Set(found.map(({ service }) => service))];
    },
    async logs(name, options) {
      const lines = await containers.logs(name, options);
      return { lines: lines.map(written), end: lines.at(-1)?.stamp ?? '' };
    },
    follow: (name, from, onLine, signal) =>
      containers.followLogs(name, from, (line) => onLine(written(line)), signal),
    remove: ({ volumes, onStopped }) => containers.down({ volumes, onStopped }),
    close() {},
  };
}

export interface ContainerRuntime extends StartingRuntime<ComposeService> {
  /**
   * Builds the images of these services, those that have a `build`.
   *
   * @throws QbtcError `IMAGE_NOT_BUILT` with the last lines of the build
   */
  build(services: readonly string[], onProgress: ContainerProgress): Promise<void>;
}

/** The same of a stack whose compose file can be read: what is declared there can be started, too. */
export function containerRuntime(context: Context, stack: Stack): ContainerRuntime {
  const containers = openContainers(context, stack.root);
  const present = containersAt(context, stack.root);
  const shared = sharedLook(context, () => containers.list());
  // Each is read when it is asked for: the files of the compose file are written by the time at which the first one is
  // started, and who only keeps what runs has no use for the compose program.
  let driver: Promise<ContainerDriver> | undefined;
  let declarations: Promise<Declarations> | undefined;
  const openedDriver = () => {
    driver ??= openDriver(context, stack);
    return driver;
  };
  const comparedDeclarations = () => {
    declarations ??= compareDeclarations(context, stack);
    return declarations;
  };
  const changing = <T>(change: Promise<T>) => change.finally(() => shared.drop());
  return {
    ...present,
    list: async () => (await shared.look()).map(containerPart),
    stop: (names) => changing(present.stop(names)),
    remove: (options) => changing(present.remove(options)),
    async start(described, { onStarting, onProgress }) {
      const declared = await comparedDeclarations();
      const found = await shared.look();
      const lives = (name: string) => {
        const own = found.filter(({ service }) => service === name);
        return own.length > 0 && own.every(({ state }) => state === 'running');
      };
      // What runs as it is declared needs no comparing, which takes the compose program a while.
      const wanted = described
        .filter(
          ({ service, hasNewImage }) =>
            hasNewImage === true || !declared.same.has(service) || !lives(service),
        )
        .map(({ service }) => service);
      if (wanted.length === 0) return [];
      for (const name of wanted) if (!lives(name)) onStarting(name);
      await declared.forget(wanted);
      return changing((await openedDriver()).up(wanted, onProgress));
    },
    keep: async (names) => (await comparedDeclarations()).record(names),
    exec: ({ service }, command, terminal) => containers.exec(service, command, terminal),
    build: async (services, onProgress) => (await openedDriver()).build(services, onProgress),
  };
}

/** A line that does not begin with a time was not written by the engine. */
function written({ timestamp, line }: { timestamp: string; line: string }) {
  return timestamp === '' ? { line } : { line, timestamp };
}

/** How the container is, in the words of all runtimes. */
export function containerPart(container: ContainerStatus): PartStatus {
  const { service, ports, pid, state, exitCode, failed, reason, restarts, health } = container;
  const common = { name: service, ports, pid, reason, restarts, wasReady: health !== 'starting' };
  // One that is paused is there and does not answer, as a process that was stopped by a signal.
  if (state === 'running' || state === 'paused') return { ...common, lives: true };
  const stopped = !failed && exitCode !== undefined && STOPPED_CODES.has(exitCode);
  return {
    ...common,
    lives: false,
    state: state === 'restarting' || state === 'created' ? 'starting' : stopped ? 'stopped' : 'crashed',
  };
}
