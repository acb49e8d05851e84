import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisCounters, type RedisSettings } from '../../../../src/embedded/gateway/counters/redis.ts';
import { type RunningRedis, startRedis } from '../../../../src/embedded/redis/server.ts';

/** What needs no real Redis: `redis.real.test.ts` runs the suite on one. */
describe('counts in the embedded Redis', () => {
  let redis: RunningRedis;
  let settings: RedisSettings;
  const opened: RedisCounters[] = [];
  const rule = { count: 3, seconds: 60, cost: 1 };

  function counters(changes: Partial<RedisSettings> = {}): RedisCounters {
    const made = new RedisCounters({ ...settings, ...changes }, () => 1_700_000_000_000);
    opened.push(made);
    return made;
  }

  beforeAll(async () => {
    redis = await startRedis({ host: '127.0.0.1', port: 0, password: 'p4ss' }, () => {});
    settings = {
      redis_host: '127.0.0.1',
      redis_port: redis.port,
      redis_password: 'p4ss',
      redis_database: 0,
      redis_timeout: 1000,
      redis_ssl: false,
      redis_ssl_verify: false,
    };
  });
  afterAll(async () => {
    await Promise.all(opened.map((each) => each.close()));
    await redis.close();
  });

  it('are shared by those who reach the same one', async () => {
    const [one, other] = [counters(), counters()];
    expect(await one.takeWindow('l', 'k', rule)).toEqual({ remaining: 2, resetSeconds: 60 });
    expect(await other.takeWindow('l', 'k', rule)).toMatchObject({ remaining: 1 });
    expect(await one.fillBucket('l', 'b', { rate: 1, burst: 1 })).toBe(0);
    expect(await other.fillBucket('l', 'b', { rate: 1, burst: 1 })).toBe(1);
    expect(await other.fillBucket('l', 'b', { rate: 1, burst: 1 })).toBeUndefined();
    const place = await one.enter('l', 'p', 1);
    expect(await other.enter('l', 'p', 1)).toBeUndefined();
    await place?.leave();
    expect((await other.enter('l', 'p', 1))?.taken).toBe(1);
  });

  it.each([
    [{ redis_password: 'wrong' }, 'WRONGPASS'],
    [{ redis_password: '' }, 'NOAUTH'],
    [{ redis_username: 'nobody' }, 'WRONGPASS'],
    [{ redis_database: 99 }, 'DB index is out of range'],
  ])('fail with the reason for %j', async (changes, reason) => {
    await expect(counters(changes).takeWindow('l', 'k', rule)).rejects.toThrow(reason);
  });

  it('fail when nobody listens, and come back with the Redis', async () => {
    const gone = await startRedis({ host: '127.0.0.1', port: 0, password: 'p4ss' }, () => {});
    const mine = counters({ redis_port: gone.port });
    expect(await mine.takeWindow('l', 'k', rule)).toMatchObject({ remaining: 2 });
    await gone.close();
    await expect(mine.takeWindow('l', 'k', rule)).rejects.toThrow();
    await expect(mine.takeWindow('l', 'k', rule)).rejects.toThrow('ECONNREFUSED');
    const back = await startRedis({ host: '127.0.0.1', port: gone.port, password: 'p4ss' }, () => {});
    expect(await mine.takeWindow('l', 'k', rule)).toMatchObject({ remaining: 2 });
    await back.close();
  });
});
