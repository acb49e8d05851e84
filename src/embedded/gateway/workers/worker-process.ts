import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Change } from '../state/resources.ts';
import type { Receiver } from './distributor.ts';
import { dispatch, type FromWorker, type Handlers, type ToWorker, WORKER_ARGUMENT } from './messages.ts';

/** Why a worker has ended, for people. */
type Ending = string;

/** A worker as the primary sees it. */
export class WorkerProcess implements Receiver {
  readonly startedAt = performance.now();
  /** Resolves when it is gone and all that it has said has come. */
  readonly ended: Promise<Ending>;
  /** Whether it serves requests. */
  serving = false;
  readonly #child: ChildProcess;
  #changes = 0;
  #confirmed = 0;
  #waiting: { count: number; resolve: () => void }[] = [];
  #killedFor: string | undefined;

  /** @param handlers what becomes of what it says */
  constructor(
    readonly number: number,
    handlers: (worker: WorkerProcess) => Handlers<FromWorker>,
  ) {
    // Its output is this process's own. What it must know comes as a message: an environment can be read by others.
    this.#child = fork(process.argv[1] ?? '', [WORKER_ARGUMENT], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.ended = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        if (this.#child.pid === undefined) resolve(`it cannot be started: ${error.message}`);
      });
      // Not `disconnect`, which does not come when a connection was on its way.
      this.#child.on('close', (code, signal) => resolve(this.#ending(code, signal)));
    });
    const taking = handlers(this);
    this.#child.on('message', (message) => dispatch(taking, message as FromWorker));
    void this.ended.then(() => {
      this.serving = false;
      for (const { resolve } of this.#waiting) resolve();
      this.#waiting = [];
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToWorker, socket?: Socket): void {
    // What cannot be sent any more is of no use: the worker is about to be found ended.
    if (this.#child.connected) this.#child.send(message, socket, { keepOpen: true }, () => {});
  }

  hand(number: number, secure: boolean, socket: Socket): void {
    this.send({ kind: 'connection', number, secure }, socket);
  }

  askFor(number: number): void {
    this.send({ kind: 'missed?', number });
  }

  tell({ collection, id, after }: Change): void {
    this.#changes++;
    this.send({ kind: 'change', collection, id, after: after ?? null });
  }

  /** So many changes are in force there. */
  confirm(count: number): void {
    this.#confirmed = count;
    this.#waiting = this.#waiting.filter((waiting) => {
      if (waiting.count > count) return true;
      waiting.resolve();
      return false;
    });
  }

  /** Whether it has not confirmed all changes that it was told. */
  get lags(): boolean {
    return this.#confirmed < this.#changes;
  }

  /** Resolves when what it was told until now is in force there, or when it is gone. */
  inForce(): Promise<void> {
    if (!this.lags) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ count: this.#changes, resolve });
    });
  }

  kill(reason: string): void {
    this.#killedFor ??= reason;
    this.#child.kill('SIGKILL');
  }

  #ending(code: number | null, signal: NodeJS.Signals | null): Ending {
    if (this.#killedFor !== undefined) return this.#killedFor;
    return code === null ? `it was killed by ${signal}` : `it exited with code ${code}`;
  }
}
