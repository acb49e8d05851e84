import { createHash } from 'node:crypto';
import type { Choice, LlmRequest, Usage } from '@stack/contracts/llm';
import type { Log } from '@stack/runtime/logging';
import { Redis } from 'ioredis';
import { stringify } from 'safe-stable-stringify';

export interface CachedAnswer {
  choices: Choice[];
  usage: Usage;
}

/** Answers by what was asked for, exactly. It may forget at any time, and without its server it is merely empty. */
export interface Cache {
  get(key: string): Promise<CachedAnswer | undefined>;
  /** Never rejects. */
  set(key: string, answer: CachedAnswer): Promise<void>;
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Fields that change how an answer travels or who asks, but not the answer. */
const NOT_PART_OF_THE_QUESTION = new Set([
  'stream',
  'stream_options',
  'user',
  'metadata',
  'store',
  'safety_identifier',
  'prompt_cache_key',
]);

/** The same for two requests that differ in nothing that an answer depends on. */
export function cacheKey(engine: string, request: LlmRequest): string {
  const question = Object.fromEntries(
    Object.entries(request).filter(
      ([field, value]) => value !== null && !NOT_PART_OF_THE_QUESTION.has(field),
    ),
  );
  const hash = createHash('sha256')
    .update(stringify(question) ?? '')
    .digest('hex');
  return `quantum-core:answer:1:${engine}:${hash}`;
}

export function openCache(options: { url: string; ttlSeconds: number; log: Log }): Cache {
  const { ttlSeconds, log } = options;
  const redis = new Redis(options.url, {
    // Who asks shall not wait for a server that is away.
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
  const unavailable = (error: unknown) => {
    log.debug('the cache did not answer', { error });
    return undefined;
  };

  return {
    async get(key) {
      const value = await redis.get(key).catch(unavailable);
      return typeof value === 'string' ? (JSON.parse(value) as CachedAnswer) : undefined;
    },
    async set(key, answer) {
      await redis.set(key, JSON.stringify(answer), 'EX', ttlSeconds).catch(unavailable);
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

/** The cache of a stack that has none. */
export const NO_CACHE: Cache = {
  get: async () => undefined,
  set: async () => {},
  check: async () => {},
  close: async () => {},
};
