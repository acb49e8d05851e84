import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { reasonOf } from './errors.ts';
import type { Log } from './logging.ts';
import { PATIENCE } from './patience.ts';
import { type Span, SpanKind, type Tracing } from './tracing/index.ts';

export type Command = (name: string, ...args: (string | number)[]) => Promise<unknown>;

export interface Cache {
  /**
   * One command and its reply. Rejects at once while the server is away: who asks does not wait for it. A connection that
   * is just being made is waited for a moment.
   */
  command: Command;
  /** The same for what is done in that span: the command's own lies below it. */
  commandIn(span: Span | undefined): Command;
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
    commandTimeout: PATIENCE.command,
    connectTimeout: PATIENCE.connect,
    retryStrategy: (attempt) => Math.min(attempt * 200, 3000),
  });
  let said: string | undefined;
  /** All commands wait for the one connection together. */
  let coming: Promise<void> | undefined;
  const connected = () => {
    coming ??= becomesReady(redis).finally(() => {
      coming = undefined;
    });
    return coming;
  };
  redis.on('error', (error: Error) => {
    // Once for each reason: the server may be away for long.
    const reason = reasonOf(error);
    if (reason !== said) log.warn('the cache is not available', { error: reason });
    said = reason;
  });
  redis.on('ready', () => {
    said = undefined;
  });

  const command: Command = async (name, ...args) => {
    if (redis.status !== 'ready' && said === undefined) await connected();
    return redis.call(name, ...args);
  };

  return {
    command,
    commandIn:
      (span) =>
      (name, ...args) => {
        const operation = name.toUpperCase();
        const attributes = { 'db.system.name': 'redis', 'db.operation.name': operation };
        return tracing.child(span, operation, { kind: SpanKind.CLIENT, attributes }, () =>
          command(name, ...args),
        );
      },
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

/** Resolves when the server is there, or when that is not to be waited for any longer. */
async function becomesReady(redis: Redis): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  const heard = ['ready', 'error', 'end'].map((name) => once(redis, name, { signal }));
  const late = sleep(PATIENCE.reconnect, undefined, { signal });
  await Promise.race([...heard, late]).catch(() => {});
  for (const each of [...heard, late]) each.catch(() => {});
  settled.abort();
}
