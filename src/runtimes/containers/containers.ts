import type { Terminal } from '../../context.ts';
import type { LogOptions } from '../runtime.ts';

/** A container of the stack, as the engine tells it now. */
export interface ContainerStatus {
  /** The service of the compose file: the name of the resource or service. */
  service: string;
  id: string;
  /** The container's own name: `qbtc-demo-1a2b3c4d5e6f-broker-1`. */
  name: string;
  state: 'created' | 'running' | 'restarting' | 'paused' | 'exited' | 'dead';
  /** Of its first process; `undefined` unless it has ended. */
  exitCode: number | undefined;
  /** The engine ended it or could not go on with it: out of memory, an error of its own. */
  failed: boolean;
  /** `undefined` for a container without a health check. */
  health: 'starting' | 'healthy' | 'unhealthy' | undefined;
  /**
   * Why it is not well, for people: `exited with code 1`, `killed: out of memory (limit 256 MB)`, the last output of its
   * health check. Empty when it is well.
   */
  reason: string;
  /** ISO 8601; `undefined` before the first start. */
  startedAt: string | undefined;
  /** How often the engine has started it again. */
  restarts: number;
  /** Of its first process, on the host; `undefined` when none runs or the engine is a virtual machine's. */
  pid: number | undefined;
  /** The ports that are published on the host. */
  ports: number[];
}

/** Says what happens to a service of the compose file: `pulling`, a line of the build. */
export type ContainerProgress = (service: string, doing: string) => void;

/**
 * Makes containers from the stack's compose file. Two ways do it: the compose program, and the engine's own API.
 * Neither waits until what it started is healthy.
 */
export interface ContainerDriver {
  /** For people: `compose 2.26.1`. */
  readonly description: string;
  /**
   * Reads what the compose file says of these services and of what they depend on; makes nothing.
   *
   * @throws QbtcError `COMPOSE_INVALID` with every mistake, and with every key that cannot be carried out
   */
  check(services: readonly string[]): Promise<void>;
  /**
   * Builds the images of these services, those that have a `build`, in parallel.
   *
   * @throws QbtcError `IMAGE_NOT_BUILT` with the last lines of the build
   */
  build(services: readonly string[], onProgress: ContainerProgress): Promise<void>;
  /**
   * Creates what is missing (pulling its image), creates anew what is declared otherwise, starts what stands still, and
   * leaves the rest alone. Only these services, and before them the companions that they depend on: services of the
   * compose file that no resource or service of the stack is named after (etcd for APISIX), waited for until healthy.
   *
   * @returns the services that were started or started anew
   * @throws QbtcError `COMPOSE_INVALID`, `IMAGE_NOT_PULLED`, `CONTAINER_NOT_STARTED`
   */
  up(services: readonly string[], onProgress: ContainerProgress): Promise<string[]>;
}

/** A line of a container, with the engine's time of it. */
export interface ContainerLine {
  /** ISO 8601. */
  timestamp: string;
  line: string;
  /** The time as the engine writes it, in nanoseconds: it tells the lines of one container apart. */
  stamp: string;
}

/** The containers that carry the stamp of the stack at one folder. Works without a readable compose file. */
export interface Containers {
  /** Those that the services declare: what was made for one command (`docker compose run`) is none of them. */
  list(): Promise<ContainerStatus[]>;
  /** Stops the containers of these services and leaves them there. */
  stop(services: readonly string[]): Promise<void>;
  /** Stops and starts the containers of these services, as they are. */
  restart(services: readonly string[]): Promise<void>;
  /** Stops and removes the containers of these services; their volumes stay. */
  remove(services: readonly string[]): Promise<void>;
  /** Freezes every process in the containers of these services, which stay running for the engine. */
  pause(services: readonly string[]): Promise<void>;
  /** Lets them go on. What is not frozen stays as it is. */
  resume(services: readonly string[]): Promise<void>;
  /** Removes containers, dependants first, and the network; with `volumes` the data too. Answers with what went. */
  down(options: {
    volumes: boolean;
    onStopped: (service: string) => void;
  }): Promise<{ stopped: string[]; volumes: string[] }>;
  /** The log lines of a service (stdout and stderr). */
  logs(service: string, options: LogOptions): Promise<ContainerLine[]>;
  /** Those behind the stamp, and each that is written from then on, until the signal is aborted. */
  followLogs(
    service: string,
    after: string,
    onLine: (line: ContainerLine) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Runs a command in the container of a service, and answers with its exit code. Rejects when the signal is aborted; the
   * engine cannot end the command then.
   */
  exec(
    service: string,
    command: readonly string[],
    terminal: Terminal,
    signal?: AbortSignal,
  ): Promise<number>;
}
