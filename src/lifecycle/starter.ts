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
  readonly #before: readonly PartStatus[];
  readonly #began: number;

  /** @param before what there was when the run began */
  constructor(running: Running, runtime: StartingRuntime<Description>, before: readonly PartStatus[]) {
    this.#running = running;
    this.#runtime = runtime;
    this.#before = before;
    this.#began = running.context.clock.now();
  }

  /** How the part was when the run began; `undefined` where there was none. */
  before(name: string): PartStatus | undefined {
    return this.#before.find((part) => part.name === name);
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
    return new Set(started);
  }

  /** Waits until a part, which `start` has seen to, is ready; `name` is what its runtime calls it. */
  async ready(part: Part, name: string, started: boolean): Promise<void> {
    const { context, timeoutMs, parts } = this.#running;
    const { clock, io } = context;
    const before = clock.monotonic();
    let restartsBefore: number | undefined;
    // What is started again and again has told why at an earlier start of this run.
    const range: LogOptions = started ? { since: this.#began } : { ofThisStart: true };
    await untilReady(context, {
      ...part,
      probe: async () => {
        // A container is told by its port alone.
        if (this.#runtime.runs === 'container') return part.probe('container');
        const [own] = await this.#own(name);
        return part.probe({ pid: own?.pid }, own?.wasReady);
      },
      whySilent: async () => {
        if (this.#runtime.runs === 'container') return undefined;
        return part.whySilent?.({ pid: (await this.#own(name))[0]?.pid });
      },
      deadlineMs: timeoutMs,
      ended: async () => {
        const own = await this.#own(name);
        if (own.length === 0) return 'it was removed';
        // What has happened until now is no news of a part that runs on; of one that this run has started, it is.
        restartsBefore ??= restartsOf(started ? own.filter((part) => this.#ranBefore(part)) : own);
        if (restartsOf(own) > restartsBefore) {
          const { reason } = own.find((part) => part.restarts > 0 && part.reason !== '') ?? {};
          return `${reason ?? 'it ended'}; it was started again`;
        }
        return own.find(({ lives, state }) => !lives && state !== 'starting')?.reason;
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

  /** Of a service with several containers all: it lives when they all do. */
  async #own(name: string): Promise<PartStatus[]> {
    return (await this.#runtime.list()).filter((part) => part.name === name);
  }

  /** Where one of several containers was started, the others run on. */
  #ranBefore({ name, pid }: PartStatus): boolean {
    return pid !== undefined && this.#before.some((part) => part.name === name && part.pid === pid);
  }
}

function restartsOf(parts: readonly PartStatus[]): number {
  return parts.reduce((sum, { restarts }) => sum + restarts, 0);
}
