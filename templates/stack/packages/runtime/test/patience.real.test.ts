import { openDatabase } from '@stack/runtime/database';
import { createHealth } from '@stack/runtime/health';
import { createLog } from '@stack/runtime/logging';
import { openRedis } from '@stack/runtime/redis';
import { NO_TRACING } from '@stack/runtime/tracing';
import { postgresServer, startPostgres } from '@stack/testing/postgres';
import { redisServer, startRedis } from '@stack/testing/redis';
import { skipWithout } from '@stack/testing/server';
import { expect, it } from 'vitest';

const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });

it.skipIf(skipWithout([redisServer]))('a Redis that stands still for a while is waited for', async () => {
  const server = await startRedis();
  const cache = openRedis({ url: server.url, log, tracing: NO_TRACING });
  try {
    // Not connected yet: that moment is waited for, too.
    expect(await cache.command('SET', 'a', '1')).toBe('OK');
    const health = createHealth({ service: 'test', version: '1' });
    health.add('cache', { probe: () => cache.check(), whenFailing: 'degraded' });
    // From now on the server answers nobody, for a while.
    const pause = () => cache.command('CLIENT', 'PAUSE', 1_500, 'ALL');
    await pause();
    expect(await cache.command('GET', 'a')).toBe('1');
    await pause();
    expect(await health.report()).toMatchObject({ status: 'healthy' });
  } finally {
    await cache.close();
    await server.stop();
  }
});

it.skipIf(skipWithout([redisServer]))('many commands wait for the one connection together', async () => {
  const server = await startRedis();
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on('warning', warned);
  const cache = openRedis({ url: server.url, log, tracing: NO_TRACING });
  try {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => cache.command('ECHO', `${i}`)));
    expect(answers).toHaveLength(50);
    // A warning is emitted in a later tick.
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', warned);
    await cache.close();
    await server.stop();
  }
});

it.skipIf(skipWithout([redisServer]))('a Redis that is away is not', async () => {
  const server = await startRedis();
  const cache = openRedis({ url: server.url, log, tracing: NO_TRACING });
  try {
    await cache.command('PING');
    await server.kill();
    await expect
      .poll(() => cache.check().catch((error: Error) => error.message), { timeout: 20_000 })
      .toContain('ECONNREFUSED');
    const began = performance.now();
    await expect(cache.command('GET', 'a')).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(1_900);
  } finally {
    await cache.close();
    await server.stop();
  }
});

it.skipIf(skipWithout([postgresServer]))('a database that is busy for seconds is waited for', async () => {
  const server = await startPostgres();
  const database = openDatabase({
    url: server.url,
    service: 'test',
    log,
    tracing: NO_TRACING,
    maxConnections: 1,
  });
  try {
    const query = (text: string) => database.query({ name: text, text });
    // One connection: the second query waits for it first.
    const [, { rows }] = await Promise.all([query('select pg_sleep(6)'), query('select 1 as one')]);
    expect(rows).toEqual([{ one: 1 }]);
  } finally {
    await database.close();
    await server.stop();
  }
});
