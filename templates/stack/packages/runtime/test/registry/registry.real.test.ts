import { createLog } from '@stack/runtime/logging';
import { type Cache, openRedis } from '@stack/runtime/redis';
import { type Change, createRegistry, type Registration, statisticsOf } from '@stack/runtime/registry';
import { NO_TRACING } from '@stack/runtime/tracing';
import { redisServer, startRedis } from '@stack/testing/redis';
import { eventually, skipWithout, type TestServer } from '@stack/testing/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });
const registration = (name: string, port: number): Registration => ({
  name,
  instance: `${name}@127.0.0.1:${port}`,
  version: '1.2.3',
  host: '127.0.0.1',
  port,
  protocol: 'http',
  health: '/health',
  weight: 1,
  metadata: { zone: 'a' },
});
const soon = { timeoutMs: 5000, everyMs: 20 };

describe.skipIf(skipWithout([redisServer]))('the registry in a real Redis', () => {
  let server: TestServer;
  const caches: Cache[] = [];
  let status: 'healthy' | 'degraded' = 'healthy';
  const health = {
    report: async () => ({ service: '', status, version: '', uptime_seconds: 0, checks: {} }),
  };

  /** As an instance of its own would open it. */
  const open = async (stack = 'acme', timing = { heartbeatMs: 100, ttlMs: 500 }) => {
    const cache = openRedis({ url: server.url, log, tracing: NO_TRACING });
    caches.push(cache);
    await eventually('Redis is there', () => cache.check(), soon);
    return createRegistry({ cache, stack, log, ...timing });
  };

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await Promise.all(caches.map((cache) => cache.close()));
    await server?.stop();
  });

  it('shows every instance to all, and each stack its own only', async () => {
    const [one, two, other] = await Promise.all([open('first'), open('first'), open('second')]);
    const leases = [
      one.register(registration('web', 1), health),
      two.register(registration('web', 2), health),
    ];
    await eventually('both are there', async () => expect(await one.list()).toHaveLength(2), soon);
    expect(await two.list()).toMatchObject([
      { instance: 'web@127.0.0.1:1', version: '1.2.3', status: 'healthy', metadata: { zone: 'a' } },
      { instance: 'web@127.0.0.1:2' },
    ]);
    expect(await other.list()).toEqual([]);
    expect(statisticsOf(await one.services())).toEqual({
      services: 1,
      instances: 2,
      healthy: 2,
      byService: { web: { instances: 2, healthy: 2, versions: ['1.2.3'] } },
    });
    await Promise.all(leases.map((lease) => lease.end('stopped')));
    expect(await one.services()).toEqual([{ name: 'web', instances: [], goodbye: 'stopped' }]);
  });

  it('forgets who does not renew the lease, and remembers that the service was there', async () => {
    const registry = await open('expiring', { heartbeatMs: 3_600_000, ttlMs: 200 });
    registry.register(registration('gone', 1), health);
    await eventually('it is there', async () => expect(await registry.list()).toHaveLength(1), soon);
    await eventually('it is gone', async () => expect(await registry.list()).toEqual([]), soon);
    expect(await registry.services()).toEqual([{ name: 'gone', instances: [] }]);
  });

  it('tells of changes: registered, changed, gone', async () => {
    const registry = await open('watched');
    const seen: Change[] = [];
    const watch = registry.watch((changes) => seen.push(...changes), 20);
    const lease = registry.register(registration('web', 1), health);
    const kinds = () =>
      seen.map((change) => (change.kind === 'changed' ? change.fields.join() : change.kind));
    await eventually('it came', async () => expect(kinds()).toEqual(['registered']), soon);
    status = 'degraded';
    await eventually('it changed', async () => expect(kinds()).toEqual(['registered', 'status']), soon);
    status = 'healthy';
    await eventually('it is well again', async () => expect(kinds()).toHaveLength(3), soon);
    await lease.end('stopped');
    await eventually('it went', async () => expect(kinds().at(-1)).toBe('gone'), soon);
    watch.close();
  });

  it('takes its lease again when Redis comes back without its data', async () => {
    const registry = await open('returning');
    const lease = registry.register(registration('web', 1), health);
    await eventually('it is there', async () => expect(await registry.list()).toHaveLength(1), soon);
    await server.kill();
    await expect(registry.list()).rejects.toThrow();
    await server.start();
    await eventually('it is there again', async () => expect(await registry.list()).toHaveLength(1), soon);
    await lease.end('stopped');
  });
});
