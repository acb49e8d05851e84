import type { RunAs } from '../health/index.ts';
import { readLines } from '../logs/index.ts';
import { untilReady } from '../resources/index.ts';
import type { LogOptions, PartStatus, StartingRuntime } from '../runtimes/runtime.ts';
import type { Part, Running } from './part.ts';

/** Starts parts in one runtime, and waits until they are ready. */
export class Starter<Description> {
  /** What was started or is being started: what an interruption takes back. */
  readonly touched = new Set<string>();
  readonly #running: Running;
  readonly #runtime: StartingRuntime<Description>;
  readonly #before: ReadonlyMap<string, PartStatus>;
  readonly #began: number;
  #look: { at: number; parts: Promise<PartStatus[]> } | undefined;

  /** @param before what there was when the run began */
  constructor(running: Running, runtime: StartingRuntime<Description>, before: readonly PartStatus[]) {
    this.#running = running;
    this.#runtime = runtime;
    this.#before = new Map(before.map((part) => [part.name, part]));
    this.#began = running.context.clock.now();
  }

  /** How the part was when the run began; `undefined` where there was none. */
  before(name: string): PartStatus | undefined {
    return this.#before.get(name);
  }

  /** Sees to it that these very parts run; answers with the names of those that were started or started anew. */
  async start(descriptions: readonly Description[]): Promise<ReadonlySet<string>> {
    const { context } = this.#running;
    context.interrupted.throwIfAborted();
    const started = await this.#runtime.start(descriptions, {
      onStarting: (name) => this.touched.add(name),
      onProgress: (name, doing) => context.io.progress.step(name, doing),
    });
    for (const name of started) this.touched.add(name);
    // A look from before tells nothing of them.
    this.#look = undefined;
    return new Set(started);
  }

  /** The same of what has no protocol of its own that could be asked: it runs, or what needs it says so. */
  async companions(descriptions: readonly Description[], names: readonly string[]): Promise<void> {
    await this.start(descriptions);
    await this.#runtime.keep(names);
  }

  /** Waits until a part, which `start` has seen to, is ready; `name` is what its runtime calls it. */
  async ready(part: Part, name: string, started: boolean): Promise<void> {
    const { context, timeoutMs, parts } = this.#running;
    const { clock, io } = context;
    const before = clock.monotonic();
    const restartsBefore = started ? 0 : (this.#before.get(name)?.restarts ?? 0);
    // What is started again and again has told why at an earlier start of this run.
    const range: LogOptions = started ? { since: this.#began } : { ofThisStart: true };
    await untilReady(context, {
      ...part,
      probe: async () => part.probe(await this.#runsAs(name)),
      deadlineMs: timeoutMs,
      ended: async () => {
        const status = await this.#status(name);
        if (status === undefined) return 'it was removed';
        if (status.restarts > restartsBefore) return `${status.reason || 'it ended'}; it was started again`;
        return status.lives || status.state === 'starting' ? undefined : status.reason;
      },
      logTail: async (tail) => readLines(part.name, await this.#runtime.logs(name, { tail, ...range })),
      onWaiting: (reason) => io.progress.step(part.name, reason),
    });
    await this.#runtime.keep([name]);
    if (started) {
      parts.started.push(part.name);
      io.progress.done(part.name, `ready after ${((clock.monotonic() - before) / 1000).toFixed(1)} s`);
    } else {
      parts.kept.push(part.name);
      io.progress.done(part.name, 'runs already');
    }
  }

  /** A container is told by its port alone. */
  async #runsAs(name: string): Promise<RunAs> {
    return this.#runtime.runs === 'container' ? 'container' : { pid: (await this.#status(name))?.pid };
  }

  /** All who wait share one look. */
  async #status(name: string): Promise<PartStatus | undefined> {
    const now = this.#running.context.clock.monotonic();
    if (this.#look === undefined || now - this.#look.at > this.#runtime.listLastsMs) {
      this.#look = { at: now, parts: this.#runtime.list() };
      this.#look.parts.catch(() => {});
    }
    return (await this.#look.parts).find((part) => part.name === name);
  }
}
