import { RedisServerState } from 'js-redis-server/core';
import { expect, test } from 'vitest';
import { Memory } from '../../../src/embedded/redis/memory.ts';

test('an expired key that the library does not have any more is forgotten, not looked for again and again', async () => {
  const server = new RedisServerState({ activeExpiryIntervalMs: false });
  const memory = new Memory(server, { maxBytes: 0, policy: 'noeviction' }, () => undefined);
  const value = { type: 'string' as const, value: Buffer.from('value') };
  memory.keys.note({ type: 'write', key: Buffer.from('lost'), value, expiresAt: Date.now() - 5000 } as never);
  const database = server.getDatabase(0);
  database.setString(Buffer.from('other'), Buffer.from('value'), { expiresAt: Date.now() + 600_000 });
  await expect.poll(() => memory.keys.expired(Date.now(), 10)).toEqual([]);
  expect(memory.keys.hasVolatile).toBe(true);
  memory.close();
});
