import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { createLog, type Log } from '../../program.ts';
import { RemoteCounters } from '../counters/remote.ts';
import type { ProxyServer } from '../proxy/server.ts';
import { createTraffic, type Traffic } from '../traffic.ts';
import { Bulletin } from './bulletin.ts';
import { dispatch, type FromWorker, type Handlers, type ToWorker } from './messages.ts';
import { RemoteHealth } from './remote-health.ts';
import { Replica } from './replica.ts';

/**
 * Makes this process a worker of the one that started it: it serves requests with what that tells it. It ends with its
 * primary, whatever that ended of.
 */
export function runWorker(): void {
  const log = createLog('gateway');
  if (process.send === undefined) {
    log('error', 'this is a worker of a gateway, which starts it');
    process.exitCode = 1;
    return;
  }
  // What goes to the whole group is for the primary to carry out.
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
  process.once('disconnect', () => process.exit(0));
  process.once('message', (message) => {
    const worker = new Worker(message as Extract<ToWorker, { kind: 'begin' }>, log);
    process.on('message', (next, socket) =>
      dispatch(worker.handlers, next as ToWorker, socket as Socket | undefined),
    );
    tell({ kind: 'ready' });
  });
}

/** How soon the primary knows that there are fewer connections. */
const COUNT_MS = 50;

/** A primary that is gone is told nothing: this process is about to end. */
function tell(message: FromWorker): void {
  process.send?.(message, undefined, {}, () => {});
}

class Worker {
  readonly #resources: Replica;
  readonly #traffic: Traffic;
  readonly #plain: ProxyServer;
  readonly #secure: ProxyServer | undefined;
  readonly #health = new RemoteHealth(tell);
  readonly #bulletin = new Bulletin(tell);
  readonly #countListeners: ((message: unknown) => void)[] = [];
  readonly #metricTexts = new Map<number, (text: string) => void>();
  #lastNumber = 0;
  #changes = 0;
  #open = 0;
  #telling: NodeJS.Timeout | undefined;

  constructor({ settings, entries }: Extract<ToWorker, { kind: 'begin' }>, log: Log) {
    const { worker, fallback, secretsFolder, tlsPort, ticketKeys } = settings;
    this.#resources = new Replica(entries);
    this.#traffic = createTraffic({
      resources: this.#resources,
      counters: new RemoteCounters({
        send: (questions) => tell({ kind: 'count', questions }),
        onMessage: (listener) => void this.#countListeners.push(listener),
        onClose: (listener) => void process.once('disconnect', listener),
      }),
      health: (checks, nodes) => this.#health.of(checks, nodes),
      bulletin: this.#bulletin.join,
      ticketKeys: Buffer.from(ticketKeys, 'base64'),
      ...{ fallback, secretsFolder, httpsPort: () => tlsPort },
      allMetrics: () => this.#allMetrics(),
      log: (level, message, context) => log(level, message, { ...context, worker }),
      now: Date.now,
      random: Math.random,
    });
    this.#plain = this.#traffic.port();
    this.#secure = tlsPort === undefined ? undefined : this.#traffic.securePort();
  }

  readonly handlers: Handlers<ToWorker> = {
    begin: () => {},
    change: (change) => {
      this.#resources.follow(change);
      this.#changes++;
      tell({ kind: 'changed', count: this.#changes });
    },
    connection: ({ number, secure }, socket) => {
      if (socket === undefined) return;
      this.#open++;
      // Said before anything is read: what was not said can be given to another.
      tell({ kind: 'taken', number, open: this.#open });
      socket.once('close', () => this.#closed());
      (secure ? this.#secure : this.#plain)?.take(socket);
    },
    // Nobody minds this word about one that has come: that was said before.
    'missed?': ({ number }) => tell({ kind: 'missed', number }),
    counts: ({ replies }) => {
      for (const listener of this.#countListeners) listener(replies);
    },
    nodes: (message) => this.#health.take(message),
    event: (message) => this.#bulletin.take(message),
    'metrics?': ({ number }) => this.#tellMetrics(number),
    'metrics of all': ({ number, text }) => {
      this.#metricTexts.get(number)?.(text);
      this.#metricTexts.delete(number);
    },
    drain: async () => {
      await this.#traffic.close();
      await this.#tellMetrics(0);
      process.disconnect();
    },
  };

  /** A connection is over. Many that end one after the other are told at once. */
  #closed(): void {
    this.#open--;
    if (this.#telling !== undefined) return;
    this.#telling = setTimeout(() => {
      this.#telling = undefined;
      tell({ kind: 'open', count: this.#open });
    }, COUNT_MS);
  }

  async #tellMetrics(number: number): Promise<void> {
    const metrics = await this.#traffic.metrics.registry.getMetricsAsJSON();
    tell({ kind: 'metrics', number, metrics });
  }

  #allMetrics(): Promise<string> {
    const number = ++this.#lastNumber;
    return new Promise((resolve) => {
      this.#metricTexts.set(number, resolve);
      tell({ kind: 'metrics of all?', number });
    });
  }
}
