import type { Socket } from 'node:net';
import { QbtcError } from '../../../errors.ts';
import type { Log } from '../../program.ts';
import { DRAIN_MS } from '../listening.ts';
import type { Change } from '../state/resources.ts';
import { Distributor } from './distributor.ts';
import type { FromWorker, Handlers, ToWorker } from './messages.ts';
import { WorkerProcess } from './worker-process.ts';

export interface FleetOptions {
  /** How many workers there are to be. */
  size: number;
  /** The first message to a worker: what is so at that moment. */
  begin(worker: number): ToWorker;
  /** What becomes of what a worker says of its requests. */
  handlers(
    worker: WorkerProcess,
  ): Omit<Handlers<FromWorker>, 'ready' | 'changed' | 'taken' | 'open' | 'missed'>;
  /** A worker has been told how to begin. */
  joined(worker: WorkerProcess): void;
  /** A worker is gone. */
  gone(worker: WorkerProcess): void;
  log: Log;
}

/**
 * How often it is looked whether workers owe something. They are late by so many looks: a machine that is busy, or was
 * asleep, takes looks away as well.
 */
const LOOK_MS = 250;
const LOOKS_LATE = 20;
/** One that starts reads all resources first. */
const LOOKS_STARTING = 120;
/** A worker that has lived so long did not end for what it was started with. */
const SOUND_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 5_000;
/** How many workers may end before one has served. */
const MOST_FAILED_STARTS = 3;
/** How long a worker may take to end when it has cut its last connection. */
const LAST_WORDS_MS = 2_000;
/** How long accepted connections may wait for a worker when the gateway closes. */
const LAST_CONNECTIONS_MS = 1_000;

/** The workers of a gateway: one that ends is replaced, one that owes an answer for too long is ended. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #workers = new Map<WorkerProcess, { late: number }>();
  readonly #distributor = new Distributor();
  readonly #looks: NodeJS.Timeout;
  #lastNumber = 0;
  /** How many workers in a row have ended soon after they were started. */
  #failures = 0;
  #closing = false;
  #started: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#looks = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Resolves when all workers serve. Throws `QbtcError` when they end before. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
      for (let i = 0; i < this.#options.size; i++) this.#launch();
    });
  }

  /** How many workers serve. */
  get living(): number {
    return this.workers.length;
  }

  /** Those that serve. */
  get workers(): WorkerProcess[] {
    return [...this.#workers.keys()].filter((worker) => worker.serving);
  }

  accept(socket: Socket, secure: boolean): void {
    this.#distributor.accept(socket, secure);
  }

  /** Tells all workers of a change, also those that start: they were told what was so before. */
  tellChange(change: Change): void {
    for (const worker of this.#workers.keys()) worker.tell(change);
  }

  /** Tells all workers something, also those that start. */
  tellAll(message: ToWorker): void {
    for (const worker of this.#workers.keys()) worker.send(message);
  }

  /** Resolves when what was told until now is in force at all workers that serve. */
  async inForce(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.inForce()));
  }

  /** Lets requests in flight end, and then the workers. */
  async close(): Promise<void> {
    this.#closing = true;
    const deadline = performance.now() + LAST_CONNECTIONS_MS;
    while (this.#distributor.busy && this.living > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 10));
    this.#distributor.close();
    const workers = [...this.#workers.keys()];
    for (const worker of workers) {
      if (worker.serving) worker.send({ kind: 'drain' });
      else worker.kill('the gateway ends');
    }
    const late = setTimeout(() => {
      for (const worker of workers) worker.kill('it did not end');
    }, DRAIN_MS + LAST_WORDS_MS);
    await Promise.all(workers.map((worker) => worker.ended));
    clearTimeout(late);
    clearInterval(this.#looks);
  }

  #launch(): void {
    const number = ++this.#lastNumber;
    const worker = new WorkerProcess(number, (made) => ({
      ...this.#options.handlers(made),
      ready: () => this.#ready(made),
      changed: ({ count }) => {
        this.#heard(made);
        made.confirm(count);
      },
      taken: ({ number: connection, open }) => {
        this.#heard(made);
        this.#distributor.taken(made, connection, open);
      },
      open: ({ count }) => this.#distributor.counted(made, count),
      missed: ({ number: connection }) => {
        this.#heard(made);
        this.#distributor.missed(made, connection);
      },
    }));
    this.#workers.set(worker, { late: 0 });
    worker.send(this.#options.begin(number));
    this.#options.joined(worker);
    void worker.ended.then((reason) => this.#ended(worker, reason));
  }

  #ready(worker: WorkerProcess): void {
    this.#heard(worker);
    worker.serving = true;
    if (this.#closing) return;
    this.#distributor.join(worker);
    if (this.#started === undefined) {
      this.#options.log('info', 'a worker serves', { worker: worker.number, workerPid: worker.pid });
    } else if (this.living === this.#options.size) {
      this.#started.resolve();
      this.#started = undefined;
    }
  }

  #heard(worker: WorkerProcess): void {
    const state = this.#workers.get(worker);
    if (state !== undefined) state.late = 0;
  }

  #ended(worker: WorkerProcess, reason: string): void {
    this.#workers.delete(worker);
    this.#distributor.leave(worker);
    this.#options.gone(worker);
    if (this.#closing) return;
    const sound = performance.now() - worker.startedAt >= SOUND_MS;
    const pause = sound ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, MOST_PAUSE_MS);
    this.#failures = sound ? 0 : this.#failures + 1;
    this.#options.log('warn', `a worker has ended: ${reason}`, {
      worker: worker.number,
      workerPid: worker.pid,
      nextInMs: pause,
    });
    if (this.#started !== undefined && this.#failures >= MOST_FAILED_STARTS) {
      const message = `the workers of the gateway end before they serve: ${reason}`;
      this.#started.reject(new QbtcError('GATEWAY_WORKERS_FAILED', message));
      return;
    }
    setTimeout(() => {
      if (!this.#closing) this.#launch();
    }, pause);
  }

  #look(): void {
    for (const [worker, state] of this.#workers) {
      const owes = this.#distributor.owes(worker) || worker.lags || !worker.serving;
      state.late = owes ? state.late + 1 : 0;
      if (state.late <= (worker.serving ? LOOKS_LATE : LOOKS_STARTING)) continue;
      worker.kill(`it owed an answer for ${(state.late * LOOK_MS) / 1000} s`);
    }
  }
}
