import { Redis } from 'ioredis';
import type { Log } from './logging.ts';
import { SpanKind, type Tracing } from './tracing/index.ts';

export interface Cache {
  /** One command and its reply. Rejects at once while the server is away: who asks does not wait for it. */
  command(name: string, ...args: (string | number)[]): Promise<unknown>;
  /** Called each time the server is there again, also the first time. */
  onReady(listener: () => void): void;
  check(): Promise<void>;
  close(): Promise<void>;
}

/** A connection to Redis that is made in the background, and again whenever it is lost. */
export function openRedis(options: { url: string; log: Log; tracing: Tracing }): Cache {
  const { log, tracing } = options;
  const redis = new Redis(options.url, {
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    commandTimeout: 500,
    connectTimeout: 2000,
    retryStrategy: (attempt) => Math.min(attempt * 200, 3000),
  });
  let said: string | undefined;
  redis.on('error', (error: Error) => {
    // Once for each reason: the server may be away for long.
    const reason = error.message || error.name;
    if (reason !== said) log.warn('the cache is not available', { error: reason });
    said = reason;
  });
  redis.on('ready', () => {
    said = undefined;
  });

  return {
    command: (name, ...args) =>
      tracing.child(
        name.toUpperCase(),
        {
          kind: SpanKind.CLIENT,
          attributes: { 'db.system.name': 'redis', 'db.operation.name': name.toUpperCase() },
        },
        () => redis.call(name, ...args),
      ),
    onReady(listener) {
      redis.on('ready', listener);
      if (redis.status === 'ready') listener();
    },
    async check() {
      if (redis.status !== 'ready') throw new Error(said ?? 'not connected');
      await redis.ping();
    },
    async close() {
      redis.disconnect();
    },
  };
}
