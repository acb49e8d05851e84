import { createHash } from 'node:crypto';
import type { Choice, LlmRequest, Usage } from '@stack/contracts/llm';
import type { Log } from '@stack/runtime/logging';
import type { Cache as Redis } from '@stack/runtime/redis';
import type { Span } from '@stack/runtime/tracing';
import { questionIn } from './question.ts';

export interface CachedAnswer {
  choices: Choice[];
  usage: Usage;
}

/** Answers by what was asked for, exactly. It may forget at any time, and without its server it is merely empty. */
export interface Cache {
  get(key: string, span?: Span): Promise<CachedAnswer | undefined>;
  /** Never rejects. */
  set(key: string, answer: CachedAnswer, span?: Span): Promise<void>;
}

/** The same for two requests that differ in nothing that an answer depends on. */
export function cacheKey(engine: string, request: LlmRequest): string {
  const hash = createHash('sha256').update(questionIn(request)).digest('hex');
  return `quantum-core:answer:1:${engine}:${hash}`;
}

const LONGEST_LOOK_MS = 2_000;

export function createCache(options: { redis: Redis; ttlSeconds: number; log: Log }): Cache {
  const { redis, ttlSeconds, log } = options;
  const unavailable = (error: unknown) => {
    log.debug('the cache did not answer', { error });
    return undefined;
  };

  return {
    async get(key, span) {
      // It is there to be fast: whoever asks does not wait as long for it as for an answer.
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(() => resolve(), LONGEST_LOOK_MS);
      });
      const value = await Promise.race([redis.commandIn(span)('GET', key).catch(unavailable), late]);
      clearTimeout(timer);
      return typeof value === 'string' ? (JSON.parse(value) as CachedAnswer) : undefined;
    },
    async set(key, answer, span) {
      const value = JSON.stringify(answer);
      await redis.commandIn(span)('SET', key, value, 'EX', ttlSeconds).catch(unavailable);
    },
  };
}

/** The cache of a stack that has none. */
export const NO_CACHE: Cache = {
  get: async () => undefined,
  set: async () => {},
};
