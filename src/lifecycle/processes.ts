import { readStartedLog } from '../logs/index.ts';
import { untilReady } from '../resources/index.ts';
import type { ProcessSpec, ProcessStatus, SupervisorClient } from '../runtimes/processes/index.ts';
import type { Part, Running } from './part.ts';

/** Starts parts as processes of the supervisor. */
export class Processes {
  /** What was started or is being started: what an interruption takes back. */
  readonly touched = new Set<string>();
  readonly #running: Running;
  readonly #supervisor: () => Promise<SupervisorClient>;
  readonly #before: ReadonlyMap<string, ProcessStatus>;

  /** The supervisor is asked for when the first process is to be started: a stack in Docker needs none. */
  constructor(
    running: Running,
    supervisor: () => Promise<SupervisorClient>,
    before: ReadonlyMap<string, ProcessStatus>,
  ) {
    this.#running = running;
    this.#supervisor = supervisor;
    this.#before = before;
  }

  /** What a resource cannot do without has no protocol of its own that could be asked: it runs, or the resource says so. */
  async companion(spec: ProcessSpec): Promise<void> {
    this.#running.context.interrupted.throwIfAborted();
    if (!this.#runs(spec)) this.touched.add(spec.name);
    const supervisor = await this.#supervisor();
    await supervisor.ensure(spec);
    await supervisor.keep(spec.name);
  }

  /** Sees to it that this very process runs, and returns when it is ready. */
  async start(part: Part, spec: ProcessSpec): Promise<void> {
    const { context, root, timeoutMs, parts } = this.#running;
    const { clock, interrupted, io } = context;
    const before = clock.monotonic();
    interrupted.throwIfAborted();
    const same = this.#runs(spec);
    if (!same) {
      this.touched.add(spec.name);
      if (this.#before.get(spec.name)?.pid !== undefined)
        io.progress.step(spec.name, 'it has changed: ending the old one');
    }
    const supervisor = await this.#supervisor();
    await supervisor.ensure(spec);
    const look = async () => (await supervisor.list()).find(({ name }) => name === spec.name);
    await untilReady(context, {
      ...part,
      probe: async () => part.probe({ pid: (await look())?.pid }),
      deadlineMs: timeoutMs,
      ended: async () => {
        const status = await look();
        return status === undefined || status.state === 'running' ? undefined : status.reason;
      },
      logTail: async (lines) => {
        const status = (await supervisor.list()).find(({ name }) => name === spec.name);
        return readStartedLog(root, spec.name, lines, status?.logFrom);
      },
      onWaiting: (reason) => io.progress.step(spec.name, reason),
    });
    await supervisor.keep(spec.name);
    if (same) {
      parts.kept.push(spec.name);
      io.progress.done(spec.name, 'runs already');
    } else {
      parts.started.push(spec.name);
      io.progress.done(spec.name, `ready after ${((clock.monotonic() - before) / 1000).toFixed(1)} s`);
    }
  }

  /** Waits for what its user runs, which is neither started nor ended; what was to run in its place is ended. */
  async awaitByHand(part: Part, pid: number): Promise<void> {
    const { context, timeoutMs, parts } = this.#running;
    const { host, io } = context;
    const ours = this.#before.get(part.name);
    if (ours !== undefined && ours.pid !== pid) await (await this.#supervisor()).stop(part.name);
    await untilReady(context, {
      ...part,
      probe: () => part.probe({ pid }),
      deadlineMs: timeoutMs,
      ended: async () =>
        (await host.processStartTime(pid)) === undefined ? `pid ${pid}, run by hand, is gone` : undefined,
      onWaiting: (reason) => io.progress.step(part.name, `run by hand: ${reason}`),
    });
    parts.kept.push(part.name);
    io.progress.done(part.name, `run by hand (pid ${pid}), left alone`);
  }

  #runs(spec: ProcessSpec): boolean {
    const running = this.#before.get(spec.name);
    return running?.pid !== undefined && running.fingerprint === spec.fingerprint;
  }
}
