import type { RedisConnect } from '../context.ts';

/** Redis through `ioredis`, loaded when first used. No reconnection: the caller decides. */
export const connectRedis: RedisConnect = async (url, { timeoutMs }) => {
  const { default: ioredis } = await import('ioredis');
  const redis = new ioredis.Redis(url, {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectionName: 'qbtc',
  });
  let lastError: Error | undefined;
  redis.on('error', (error) => {
    lastError = error;
  });
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    // ioredis says "Connection is closed." where the cause came as an event.
    throw lastError ?? error;
  }
  return {
    command: (name, ...args) => redis.call(name, ...args),
    async close() {
      redis.disconnect();
    },
  };
};
