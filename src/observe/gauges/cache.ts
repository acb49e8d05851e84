import type { Context } from '../../context.ts';
import type { CacheMetrics } from '../../model/metrics.ts';
import type { Resource } from '../../model/resource.ts';

const TIMEOUT_MS = 5_000;

/** Keys, and of `INFO` what the server has of it. */
export async function cacheMetrics(
  context: Pick<Context, 'redis'>,
  { endpoint }: Resource,
): Promise<CacheMetrics> {
  const redis = await context.redis(endpoint.url, { timeoutMs: TIMEOUT_MS });
  try {
    const keys = Number(await redis.command('DBSIZE'));
    const info = String(await redis.command('INFO').catch(() => ''));
    const number = (field: string) => {
      const found = new RegExp(`^${field}:(\\d+)\\r?$`, 'm').exec(info)?.[1];
      return found === undefined ? undefined : Number(found);
    };
    const told = {
      memoryBytes: number('used_memory'),
      clients: number('connected_clients'),
      hits: number('keyspace_hits'),
      misses: number('keyspace_misses'),
      maxMemoryBytes: number('maxmemory'),
      expired: number('expired_keys'),
      evicted: number('evicted_keys'),
    };
    return { keys, ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) };
  } finally {
    await redis.close();
  }
}
