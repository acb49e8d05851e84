import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningRedis, startRedis } from '../../../src/embedded/redis/server.ts';

const password = 'p4ss';

describe('embedded Redis', () => {
  let server: RunningRedis;
  const clients: Redis[] = [];
  const client = (given?: string) => {
    const redis = new Redis({
      host: '127.0.0.1',
      port: server.port,
      ...(given === undefined ? {} : { password: given }),
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    redis.on('error', () => {});
    clients.push(redis);
    return redis;
  };

  beforeEach(async () => {
    server = await startRedis({ host: '127.0.0.1', port: 0, password }, () => {});
  });
  afterEach(async () => {
    for (const redis of clients.splice(0)) redis.disconnect();
    await server.close();
  });

  test('keeps values, expiry, and transactions for a client with the password', async () => {
    const redis = client(password);
    await redis.set('a', '1', 'EX', 100);
    expect(await redis.get('a')).toBe('1');
    expect(await redis.ttl('a')).toBeGreaterThan(98);
    expect(await redis.multi().incr('a').incr('a').exec()).toEqual([
      [null, 2],
      [null, 3],
    ]);
    expect(await redis.eval('return redis.call("get", KEYS[1])', 1, 'a')).toBe('3');
  });

  test('refuses a client without the password, and one with a wrong one', async () => {
    await expect(client().get('a')).rejects.toThrow(/NOAUTH|authentication/i);
    await expect(client('wrong').get('a')).rejects.toThrow(/WRONGPASS|invalid|closed/i);
  });

  test('does not start without a password', async () => {
    await expect(startRedis({ host: '127.0.0.1', port: 0, password: '' }, () => {})).rejects.toThrow(
      /password/,
    );
  });

  test('closes while clients are connected', async () => {
    await client(password).ping();
    await server.close();
    await expect(client(password).ping()).rejects.toThrow();
    server = await startRedis({ host: '127.0.0.1', port: 0, password }, () => {});
  });
});
