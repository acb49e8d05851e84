import type { Context, RedisConnection } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind } from '../resources/facts.ts';

const DEADLINE_MS = 5_000;

/** Works on the cache that holds the registry of the services. @throws QbtcError `CACHE_MISSING`; what the cache refuses */
export async function withCache<Result>(
  { redis }: Pick<Context, 'redis'>,
  stack: Stack,
  work: (connection: RedisConnection) => Promise<Result>,
): Promise<Result> {
  const cache = resourceOfKind(stack, 'redis');
  if (cache === undefined) throw new QbtcError('CACHE_MISSING', `${stack.name} declares no cache`);
  const connection = await redis(cache.endpoint.url, { timeoutMs: DEADLINE_MS });
  try {
    return await work(connection);
  } finally {
    await connection.close().catch(() => {});
  }
}

/**
 * Takes out of the registry's memory which services were there (`packages/runtime/src/registry`: a service without an
 * instance is missed for an hour) those that the stack does not declare. One that runs is back with its next heartbeat.
 */
export async function forgetUndeclared(context: Pick<Context, 'redis'>, stack: Stack): Promise<void> {
  if (resourceOfKind(stack, 'redis') === undefined) return;
  const declared = new Set(stack.services.map(({ name }) => name));
  await withCache(context, stack, async (connection) => {
    const key = `${stack.name}:registry:services`;
    const known = await connection.command('HKEYS', key);
    const gone = Array.isArray(known) ? known.map(String).filter((name) => !declared.has(name)) : [];
    if (gone.length > 0) await connection.command('HDEL', key, ...gone);
  });
}
