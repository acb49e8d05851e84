import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

export interface RedisAccess {
  port: number;
  password?: string;
}

const OOM = "OOM command not allowed when used memory > 'maxmemory'.";
const VALUE = 'x'.repeat(2_000);
/** More than a server's own memory moves by, from one command to the next. */
const MARGIN = 200_000;
const LARGE = 'x'.repeat(2 * MARGIN);

/**
 * What a client may rely on where memory is bounded, through ioredis alone: the same answers and errors from every server.
 * Redis 7 is the measure; a test that it does not pass is wrong.
 */
export function redisConformance(name: string, access: () => RedisAccess): void {
  describe(name, () => {
    let redis: Redis;
    const opened: Redis[] = [];
    const client = () => {
      const one = new Redis({ host: '127.0.0.1', maxRetriesPerRequest: 0, ...access() });
      opened.push(one);
      return one;
    };
    beforeAll(() => {
      redis = client();
    });
    beforeEach(async () => {
      await redis.config('SET', 'maxmemory', '0');
      await redis.config('SET', 'maxmemory-policy', 'noeviction');
      await redis.flushall();
      await redis.config('RESETSTAT');
    });
    afterEach(() => redis.config('SET', 'maxmemory', '0'));
    afterAll(() => {
      for (const one of opened) one.disconnect();
    });

    const info = async (field: string): Promise<string> =>
      new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(await redis.info())?.[1] ?? 'nothing';
    const count = async (field: string) => Number(await info(field));
    const bound = async (policy: string, bytes: number) => {
      await redis.config('SET', 'maxmemory-policy', policy);
      await redis.config('SET', 'maxmemory', String((await count('used_memory')) + bytes));
    };
    const fill = async (prefix: string, keys: number, seconds?: number) => {
      for (let index = 0; index < keys; index += 1) {
        const key = `${prefix}${String(index).padStart(4, '0')}`;
        if (seconds === undefined) await redis.set(key, VALUE);
        else await redis.set(key, VALUE, 'EX', seconds);
      }
    };
    const left = async (prefix: string) => (await redis.keys(`${prefix}*`)).sort();

    describe('the bound', () => {
      it.each([
        ['5000', '5000'],
        ['10mb', '10485760'],
        ['1k', '1000'],
        ['1kB', '1024'],
        ['2GB', '2147483648'],
        ['3m', '3000000'],
        ['7b', '7'],
      ])('is set as %s', async (written, told) => {
        expect(await redis.config('SET', 'maxmemory', written)).toBe('OK');
        expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', told]);
        expect(await info('maxmemory')).toBe(told);
      });

      it.each(['abc', '-1', '1.5mb', '10tb'])('is no %j', async (written) => {
        await expect(redis.config('SET', 'maxmemory', written)).rejects.toThrow(
          "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value",
        );
        expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', '0']);
      });

      it('goes with a policy, told in lower case', async () => {
        expect(await redis.config('SET', 'maxmemory-policy', 'AllKeys-LRU')).toBe('OK');
        expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'allkeys-lru']);
        expect(await info('maxmemory_policy')).toBe('allkeys-lru');
      });

      it('goes with no policy that there is not, and nothing is changed', async () => {
        await expect(redis.config('SET', 'maxmemory', '10mb', 'maxmemory-policy', 'none')).rejects.toThrow(
          "ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument(s) must be one of the following: ",
        );
        expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', '0']);
      });

      it('is found by a pattern beside others', async () => {
        await redis.config('SET', 'maxmemory', '123');
        const told = (await redis.config('GET', 'maxmemory*')) as string[];
        expect(told[told.indexOf('maxmemory') + 1]).toBe('123');
        expect(told).toContain('maxmemory-policy');
      });
    });

    describe('noeviction', () => {
      beforeEach(async () => {
        await redis.set('large', LARGE);
        await redis.set('there', '1', 'EX', 1000);
        await redis.rpush('list', 'a', 'b');
        await bound('noeviction', -MARGIN);
      });

      it.each([
        ['SET', 'a', 'b'],
        ['INCR', 'n'],
        ['APPEND', 'there', 'b'],
        ['HSET', 'h', 'f', 'v'],
        ['LPUSH', 'list', 'c'],
        ['SADD', 's', 'm'],
        ['ZADD', 'z', '1', 'm'],
        ['XADD', 'x', '*', 'f', 'v'],
        ['GETSET', 'there', 'b'],
        ['MSET', 'a', 'b'],
        ['SETEX', 'a', '10', 'b'],
      ])('refuses %s', async (command, ...args) => {
        await expect(redis.call(command, ...args)).rejects.toThrow(OOM);
      });

      it.each([
        ['GET', 'there'],
        ['TTL', 'there'],
        ['EXPIRE', 'there', '100'],
        ['LPOP', 'list'],
        ['HDEL', 'h', 'f'],
        ['LRANGE', 'list', '0', '-1'],
        ['PING'],
        ['DEL', 'there'],
      ])('takes %s', async (command, ...args) => {
        await expect(redis.call(command, ...args)).resolves.toBeDefined();
      });

      it('takes again what it refused once there is room', async () => {
        await expect(redis.set('a', 'b')).rejects.toThrow(OOM);
        await redis.config('SET', 'maxmemory', '0');
        expect(await redis.set('a', 'b')).toBe('OK');
        expect(await count('evicted_keys')).toBe(0);
      });

      it('gives up a transaction that it cannot take as a whole', async () => {
        const other = client();
        await other.call('MULTI');
        await expect(other.call('SET', 'a', 'b')).rejects.toThrow(OOM);
        await expect(other.call('EXEC')).rejects.toThrow(
          'EXECABORT Transaction discarded because of previous errors.',
        );
        expect(await redis.exists('a')).toBe(0);
      });

      it('gives up a transaction that there was room for when it was written', async () => {
        await redis.config('SET', 'maxmemory', '0');
        const other = client();
        await other.call('MULTI');
        await other.call('SET', 'a', 'b');
        await bound('noeviction', -MARGIN);
        await expect(other.call('EXEC')).rejects.toThrow(
          `EXECABORT Transaction discarded because of: ${OOM}`,
        );
        expect(await redis.exists('a')).toBe(0);
      });

      it('takes no transaction at all, which may grow as it is written', async () => {
        await expect(redis.multi().get('there').del('there').exec()).rejects.toThrow('EXECABORT');
        expect(await redis.exists('there')).toBe(1);
      });

      it('ends a transaction that only reads and deletes, and was written before', async () => {
        await redis.config('SET', 'maxmemory', '0');
        const other = client();
        await other.call('MULTI');
        await other.call('GET', 'there');
        await other.call('DEL', 'there');
        await bound('noeviction', -MARGIN);
        expect(await other.call('EXEC')).toEqual(['1', 1]);
      });

      it('refuses what a script would write', async () => {
        await expect(redis.eval("return redis.call('set', KEYS[1], 'b')", 1, 'a')).rejects.toThrow(OOM);
        expect(await redis.eval("return redis.call('get', KEYS[1])", 1, 'there')).toBe('1');
      });
    });

    it('lets a script go on that began while there was room', async () => {
      await bound('noeviction', MARGIN);
      const script = "for i = 1, 200 do redis.call('set', 'k' .. i, ARGV[1]) end return 'done'";
      expect(await redis.eval(script, 0, VALUE)).toBe('done');
      expect(await redis.dbsize()).toBe(200);
      await expect(redis.set('a', 'b')).rejects.toThrow(OOM);
    });

    describe('allkeys-lru', () => {
      it('drops what was not used for longest, and counts it', async () => {
        await redis.config('SET', 'maxmemory-samples', '64');
        await fill('old', 20);
        await fill('kept', 20);
        await bound('allkeys-lru', 100_000);
        for (let round = 0; round < 10; round += 1) {
          // Redis tells times apart by the second only.
          await fill(`new${round}-`, 8);
          await redis.mget(
            ...Array.from({ length: 20 }, (_, index) => `kept${String(index).padStart(4, '0')}`),
          );
        }
        const evicted = await count('evicted_keys');
        expect(evicted).toBeGreaterThan(20);
        expect(await redis.dbsize()).toBe(120 - evicted);
        expect(await count('used_memory')).toBeLessThan((await count('maxmemory')) + 20_000);
      });
    });

    describe.each(['volatile-lru', 'volatile-ttl'])('%s', (policy) => {
      it('drops only what expires', async () => {
        await fill('stays', 20);
        await fill('expires', 20, 1000);
        await bound(policy, 50_000);
        await fill('more', 60, 1000);
        expect(await left('stays')).toHaveLength(20);
        expect(await count('evicted_keys')).toBeGreaterThan(20);
      });

      it('refuses what it has no room for when nothing expires', async () => {
        await fill('stays', 20);
        await redis.set('large', LARGE);
        await bound(policy, -MARGIN);
        await expect(redis.set('a', 'b', 'EX', 10)).rejects.toThrow(OOM);
        expect(await left('stays')).toHaveLength(20);
        expect(await count('evicted_keys')).toBe(0);
      });

      it('drops none that is kept from expiring any more', async () => {
        await redis.set('was', LARGE, 'EX', 10);
        await redis.persist('was');
        await redis.set('is', LARGE);
        await redis.expire('is', 10_000);
        await bound(policy, -MARGIN);
        await redis.set('more', 'b', 'EX', 10);
        expect(await redis.exists('was')).toBe(1);
        expect(await redis.exists('is')).toBe(0);
      });
    });

    it('volatile-ttl drops first what expires first', async () => {
      await redis.config('SET', 'maxmemory-samples', '64');
      for (let index = 0; index < 5; index += 1) await redis.set(`soon${index}`, LARGE, 'EX', 1_000);
      await fill('late', 20, 9_000);
      await bound('volatile-ttl', -MARGIN);
      await redis.set('more', VALUE, 'EX', 20_000);
      expect(await left('late')).toHaveLength(20);
      expect(await left('soon')).toHaveLength(4);
    });

    it('tells what it drops as what that is', async () => {
      await redis.config('SET', 'notify-keyspace-events', 'KEA');
      const listener = client();
      const heard: string[] = [];
      listener.on('message', (channel, message) => heard.push(`${channel} ${message}`));
      await listener.subscribe('__keyevent@0__:evicted', '__keyspace@0__:gone', '__keyevent@0__:del');
      await redis.set('gone', LARGE, 'EX', 1000);
      await bound('volatile-lru', -MARGIN);
      await redis.set('more', 'b');
      await expect.poll(() => heard).toContain('__keyspace@0__:gone evicted');
      expect(heard).toContain('__keyevent@0__:evicted gone');
      expect(heard.some((each) => each.includes(':del'))).toBe(false);
      await redis.config('SET', 'notify-keyspace-events', '');
    });

    it('fails a transaction whose watched key it has dropped', async () => {
      await redis.set('watched', LARGE, 'EX', 1000);
      const other = client();
      await other.watch('watched');
      await bound('volatile-lru', -MARGIN);
      await redis.set('more', 'b');
      await redis.config('SET', 'maxmemory', '0');
      expect(await other.multi().get('more').exec()).toBeNull();
    });

    it('lets keys expire that nobody asks for, counts them, and frees their memory', async () => {
      const before = await count('used_memory');
      // In one go, so that none expires before the others are there.
      const pipeline = redis.pipeline();
      for (let index = 0; index < 200; index += 1) pipeline.set(`e${index}`, VALUE, 'PX', 1_000);
      const told = (await pipeline.info('memory').exec())?.at(-1)?.[1];
      const used = Number(/^used_memory:(\d+)/m.exec(String(told))?.[1]);
      expect(used).toBeGreaterThan(before + 100 * VALUE.length);
      await expect.poll(() => count('expired_keys')).toBe(200);
      expect(await count('used_memory')).toBeLessThan(before + 100 * VALUE.length);
      expect(await redis.dbsize()).toBe(0);
    });

    it('lets a key stay whose expiry was put off', async () => {
      await redis
        .multi()
        .set('a', '1', 'PX', 1_000)
        .set('b', '1', 'PX', 1_000)
        .set('c', '1', 'PX', 1_000)
        .expire('a', 1_000)
        .persist('b')
        .exec();
      await expect.poll(() => count('expired_keys')).toBe(1);
      expect(await redis.mget('a', 'b', 'c')).toEqual(['1', '1', null]);
    });

    it('counts hits and misses', async () => {
      await redis.set('a', '1');
      await redis.get('a');
      await redis.mget('a', 'b');
      await redis.hget('h', 'f');
      expect(await count('keyspace_hits')).toBe(2);
      expect(await count('keyspace_misses')).toBe(2);
    });

    it('counts memory for every kind of value, and gives it back', async () => {
      const empty = await count('used_memory');
      const many = Array.from({ length: 2_000 }, (_, index) => `member-${index}`.padEnd(100, 'x'));
      await redis.rpush('list', ...many);
      await redis.sadd('set', ...many);
      await redis.zadd('zset', ...many.flatMap((each, index) => [index, each]));
      await redis.hset('hash', ...many.flatMap((each) => [each, each]));
      await redis.xadd('stream', '*', ...many.flatMap((each) => [each, each]));
      await redis.rename('list', 'other');
      const full = await count('used_memory');
      expect(full).toBeGreaterThan(empty + 1_000_000);
      await redis.flushall();
      expect(await count('used_memory')).toBeLessThan(empty + (full - empty) / 2);
      expect(await count('used_memory_peak')).toBeGreaterThanOrEqual(full);
    });
  });
}
