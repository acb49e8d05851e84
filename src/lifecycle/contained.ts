import { containerLogLine } from '../logs/index.ts';
import { isAlive } from '../placement/index.ts';
import { untilReady } from '../resources/index.ts';
import type {
  ContainerDriver,
  ContainerStatus,
  Containers,
  Declarations,
} from '../runtimes/containers/index.ts';
import type { Part, Running } from './part.ts';

/** How often the engine is asked whether a container still lives, while its port is asked more often. */
const LOOK_MS = 500;

/** Starts parts as containers of the stack's compose file. */
export class Contained {
  /** What was started or is being started: what an interruption takes back. */
  readonly touched = new Set<string>();
  readonly #running: Running;
  readonly #driver: ContainerDriver;
  readonly #containers: Containers;
  readonly #before: readonly ContainerStatus[];
  readonly #began: number;
  readonly #declarations: Declarations;
  #list: { at: number; containers: Promise<ContainerStatus[]> } | undefined;

  constructor(
    running: Running,
    driver: ContainerDriver,
    containers: Containers,
    before: readonly ContainerStatus[],
    declarations: Declarations,
  ) {
    this.#running = running;
    this.#driver = driver;
    this.#containers = containers;
    this.#before = before;
    this.#began = running.context.clock.now();
    this.#declarations = declarations;
  }

  /** Whether it has a container already, running or not. */
  exists(service: string): boolean {
    return this.#statusBefore(service) !== undefined;
  }

  /** Builds the images of these services. */
  async build(services: readonly string[]): Promise<void> {
    const { progress } = this.#running.context.io;
    await this.#driver.build(services, (service, doing) => progress.step(`image of ${service}`, doing));
    for (const service of services) progress.done(`image of ${service}`, 'built');
  }

  /** Creates or starts what is not there or declared otherwise; `anew` for those whose image is a new one. */
  async up(services: readonly string[], anew: ReadonlySet<string> = new Set()): Promise<ReadonlySet<string>> {
    const { context } = this.#running;
    context.interrupted.throwIfAborted();
    // What runs as it is declared needs no comparing, which takes the compose program a while.
    const wanted = services.filter(
      (name) => anew.has(name) || !this.#declarations.same.has(name) || !this.#lives(name),
    );
    if (wanted.length === 0) return new Set();
    for (const name of wanted) if (!this.#lives(name)) this.touched.add(name);
    await this.#declarations.forget(wanted);
    const started = await this.#driver.up(wanted, (service, doing) =>
      context.io.progress.step(service, doing),
    );
    for (const name of started) this.touched.add(name);
    return new Set(started);
  }

  /** Waits until the container, which `up` has seen to, is ready. */
  async ready(part: Part, service: string, started: boolean): Promise<void> {
    const { context, timeoutMs, parts } = this.#running;
    const { clock, io } = context;
    const before = clock.monotonic();
    const restartsBefore = started ? 0 : (this.#statusBefore(service)?.restarts ?? 0);
    await untilReady(context, {
      ...part,
      probe: () => part.probe('container'),
      deadlineMs: timeoutMs,
      ended: async () => {
        const status = (await this.#look()).find((container) => container.service === service);
        if (status === undefined) return 'its container was removed';
        if (status.restarts > restartsBefore)
          return `${status.reason || 'it ended'}; the engine started it again`;
        return isAlive(status) || status.state === 'created' ? undefined : status.reason;
      },
      logTail: async (lines) => {
        // What the engine starts again and again has told why at an earlier start of this run.
        const range = started ? { since: this.#began } : { ofThisStart: true };
        const written = await this.#containers.logs(service, { tail: lines, ...range });
        return written.map((line) => containerLogLine(part.name, line));
      },
      onWaiting: (reason) => io.progress.step(part.name, reason),
    });
    await this.#declarations.record([service]);
    if (started) {
      parts.started.push(part.name);
      io.progress.done(part.name, `ready after ${((clock.monotonic() - before) / 1000).toFixed(1)} s`);
    } else {
      parts.kept.push(part.name);
      io.progress.done(part.name, 'runs already');
    }
  }

  #statusBefore(service: string): ContainerStatus | undefined {
    return this.#before.find((container) => container.service === service);
  }

  #lives(service: string): boolean {
    return this.#statusBefore(service)?.state === 'running';
  }

  /** All who wait share one look. */
  #look(): Promise<ContainerStatus[]> {
    const now = this.#running.context.clock.monotonic();
    if (this.#list === undefined || now - this.#list.at > LOOK_MS) {
      this.#list = { at: now, containers: this.#containers.list() };
      this.#list.containers.catch(() => {});
    }
    return this.#list.containers;
  }
}
