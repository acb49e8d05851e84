import { Redis } from 'ioredis';
import type { Stack } from '../../src/model/stack.ts';

/** The hash under a key in the stack's cache. */
export async function cacheOf(stack: Stack, key: string): Promise<Record<string, string>> {
  const redis = new Redis(stack.resources.find(({ kind }) => kind === 'redis')?.endpoint.url ?? '', {
    maxRetriesPerRequest: 0,
    lazyConnect: true,
    retryStrategy: () => null,
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await redis.hgetall(key);
  } finally {
    redis.disconnect();
  }
}
