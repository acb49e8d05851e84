import { Redis } from 'ioredis';
import { redisCommandDefinitions } from 'js-redis-server/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takesMemory } from '../../../src/embedded/redis/memory-policy.ts';
import { startRedis } from '../../../templates/stack/packages/testing/src/redis.ts';
import type { TestServer } from '../../../templates/stack/packages/testing/src/server.ts';
import { installPackages } from '../../support/docker/run.ts';
import { redisConformance } from './suite.ts';

const missing = await installPackages(['redis-server'], '/usr/bin/redis-server');

describe.skipIf(missing !== undefined)(
  `measured${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: TestServer | undefined;
    beforeAll(async () => {
      server = await startRedis();
    });
    afterAll(() => server?.stop());

    redisConformance('a real Redis', () => {
      if (server === undefined) throw new Error('Redis is not running');
      return { port: server.port };
    });

    it('refuses the commands that the embedded cache refuses', async () => {
      const redis = new Redis({ host: '127.0.0.1', port: server?.port ?? 0 });
      const told = (await redis.call('COMMAND')) as [name: string, arity: number, flags: string[]][];
      redis.disconnect();
      const theirs = new Map(told.map(([name, , flags]) => [name, flags.includes('denyoom')]));
      const known = redisCommandDefinitions.filter(({ name }) => theirs.has(name));
      expect(known.length).toBeGreaterThan(150);
      expect(known.filter(takesMemory).map(({ name }) => name)).toEqual(
        known.map(({ name }) => name).filter((name) => theirs.get(name)),
      );
    });
  },
);
