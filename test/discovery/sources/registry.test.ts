import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { discover } from '../../../src/discovery/index.ts';
import { type RunningRedis, startRedis } from '../../../src/embedded/redis/server.ts';
import { connectRedis } from '../../../src/system/redis.ts';
import { quietContext } from '../../support/quiet-context.ts';
import { emptyStack } from '../../support/stack.ts';

const lease = (name: string, port: number, fields: object = {}) => ({
  name,
  instance: `${name}@127.0.0.1:${port}`,
  version: '1.2.3',
  host: '127.0.0.1',
  port,
  protocol: 'http',
  health: '/health',
  weight: 2,
  metadata: {},
  status: 'healthy',
  registered_at: '2026-01-05T10:00:00.000Z',
  beat_at: '2026-01-05T10:00:00.000Z',
  ...fields,
});

describe('the registry, in the embedded Redis', () => {
  let redis: RunningRedis;
  const stack = () =>
    emptyStack('/stack', {
      name: 'acme',
      resources: [
        {
          name: 'cache',
          kind: 'redis',
          ports: {},
          endpoint: { url: `redis://:secret@127.0.0.1:${redis.port}/0`, host: '127.0.0.1', port: redis.port },
        },
      ],
    });
  const look = () => discover(quietContext(), stack(), { sources: ['registry'] });

  beforeAll(async () => {
    redis = await startRedis({ host: '127.0.0.1', port: 0, password: 'secret' }, () => {});
    const connection = await connectRedis(`redis://:secret@127.0.0.1:${redis.port}/0`, { timeoutMs: 2000 });
    const hold = async (key: string, value: string) => {
      await connection.command('HSET', 'acme:registry:leases', key, Date.now());
      await connection.command('SET', `acme:registry:lease:${key}`, value, 'PX', 60_000);
    };
    for (const each of [lease('shop', 1), lease('inside', 2, { host: '1a2b3c4d5e6f' })])
      await hold(each.instance, JSON.stringify(each));
    await hold('broken', '{"name":');
    await hold('other', '{"name": "other"}');
    await connection.command('HSET', 'acme:registry:leases', 'ended', 0);
    await connection.command('HSET', 'another:registry:leases', 'shop@127.0.0.1:9', Date.now());
    await connection.close();
  });
  afterAll(() => redis?.close());

  test('shows who holds a lease within reach, as they say themselves', async () => {
    const { services, sources } = await look();
    expect(sources).toMatchObject([{ source: 'registry', state: 'asked', sightings: 1 }]);
    expect(services).toMatchObject([
      {
        name: 'shop',
        origin: 'announced',
        sources: expect.arrayContaining(['registry']),
        instances: [{ address: { host: '127.0.0.1', port: 1 }, version: '1.2.3', weight: 2 }],
      },
    ]);
  });

  test('is not asked where there is no cache, and says so when it does not answer', async () => {
    const without = await discover(quietContext(), emptyStack('/stack', {}), { sources: ['registry'] });
    expect(without.sources).toMatchObject([{ state: 'absent', reason: expect.stringContaining('no cache') }]);
    const [resource] = stack().resources;
    if (resource === undefined) throw new Error('no resource');
    const away = emptyStack('/stack', {
      resources: [{ ...resource, endpoint: { ...resource.endpoint, url: 'redis://127.0.0.1:1/0' } }],
    });
    const failed = await discover(quietContext(), away, { sources: ['registry'] });
    expect(failed.sources).toMatchObject([{ state: 'failed' }]);
  });
});
