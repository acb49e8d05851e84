import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import {
  createHealthAggregator,
  type HealthChange,
  judgeService,
  judgeStack,
} from '@stack/runtime/health-aggregator';
import { createLog } from '@stack/runtime/logging';
import type { Instance, KnownService } from '@stack/runtime/registry';
import { afterEach, describe, expect, it } from 'vitest';
import { instanceOf } from './instance.ts';

const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });
const servers: Server[] = [];

async function service(
  name: string,
  body: () => { status: number; document: unknown } | undefined,
): Promise<Instance> {
  const server = createServer((_request, response) => {
    const answer = body();
    if (answer === undefined) return;
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(typeof answer.document === 'string' ? answer.document : JSON.stringify(answer.document));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return instanceOf({ name, port });
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const healthy = (name: string) => ({
  status: 200,
  document: { service: name, status: 'healthy', version: '1', uptime_seconds: 1, checks: {} },
});

describe('the health of everything', () => {
  it('is what each instance answers, with the reasons', async () => {
    const known: KnownService[] = [
      { name: 'well', instances: [await service('well', () => healthy('well'))] },
      {
        name: 'weak',
        instances: [
          await service('weak', () => ({
            status: 200,
            document: {
              service: 'weak',
              status: 'degraded',
              checks: { cache: { status: 'degraded', latency_ms: 1, reason: 'away' } },
            },
          })),
        ],
      },
      {
        name: 'half',
        instances: [
          await service('half', () => healthy('half')),
          await service('half', () => ({ status: 503, document: 'no JSON' })),
        ],
      },
      { name: 'rival', instances: [await service('rival', () => healthy('somebody'))] },
      { name: 'gone', instances: [], goodbye: 'stopped' },
    ];
    const aggregator = createHealthAggregator({ services: async () => known, log });
    const report = await aggregator.report();
    aggregator.close();
    const statuses = Object.fromEntries(report.services.map(({ name, status }) => [name, status]));
    expect(statuses).toEqual({
      well: 'healthy',
      weak: 'degraded',
      half: 'degraded',
      rival: 'unhealthy',
      gone: 'unhealthy',
    });
    expect(report.status).toBe('unhealthy');
    const reasons = report.reasons.join('\n');
    expect(reasons).toContain('cache: away');
    expect(reasons).toContain('/health answers 503');
    expect(reasons).toContain('somebody answers at its address');
    expect(reasons).toContain('gone: no instance is registered (the last one ended: stopped)');
    expect(report.duration_ms).toBeGreaterThan(0);
    expect(aggregator.statistics()).toMatchObject({ checks: 5, failures: 2 });
  });

  it('is waited for so long and no longer', async () => {
    const known = [{ name: 'silent', instances: [await service('silent', () => undefined)] }];
    const aggregator = createHealthAggregator({ services: async () => known, log, timeoutMs: 50 });
    const report = await aggregator.report();
    aggregator.close();
    expect(report).toMatchObject({ status: 'unhealthy', services: [{ status: 'unhealthy' }] });
    expect(report.reasons.join('\n')).toContain('no answer within 50 ms');
    expect(aggregator.statistics()).toMatchObject({ checks: 1, failures: 1 });
  });

  it('tells what has changed, and asks once for many who ask', async () => {
    let well = true;
    let asked = 0;
    const instance = await service('web', () => {
      asked += 1;
      return well
        ? healthy('web')
        : { status: 503, document: { service: 'web', status: 'unhealthy', reason: 'ending' } };
    });
    const changes: HealthChange[] = [];
    const aggregator = createHealthAggregator({
      services: async () => [{ name: 'web', instances: [instance] }],
      log,
      onChange: (found) => changes.push(...found),
    });
    await Promise.all([aggregator.report(), aggregator.report()]);
    expect(asked).toBe(1);
    await aggregator.report(60_000);
    expect(asked).toBe(1);
    well = false;
    await aggregator.report(0);
    expect(changes).toMatchObject([
      { service: 'web', before: 'healthy', now: 'unhealthy', reasons: [expect.stringContaining('ending')] },
      { service: undefined, before: 'healthy', now: 'unhealthy' },
    ]);
    aggregator.close();
  });

  it('rejects while the registry is away', async () => {
    const aggregator = createHealthAggregator({ services: () => Promise.reject(new Error('no Redis')), log });
    await expect(aggregator.report()).rejects.toThrow('no Redis');
    aggregator.close();
  });

  it('of nothing is healthy', () => {
    expect(judgeStack([])).toEqual({ status: 'healthy', reasons: [] });
    expect(judgeService({ name: 'x', instances: [] }, [])).toMatchObject({ status: 'unhealthy' });
  });
});
