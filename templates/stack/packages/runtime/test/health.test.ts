import { createHealth } from '@stack/runtime/health';
import { describe, expect, it } from 'vitest';

const service = () => createHealth({ service: 'a', version: '1.2.3', timeoutMs: 50 });
const fails = () => Promise.reject(new Error('gone'));

describe('createHealth', () => {
  it('is healthy without checks', async () => {
    expect(await service().report()).toMatchObject({
      service: 'a',
      status: 'healthy',
      version: '1.2.3',
      checks: {},
    });
  });

  it('is as bad as its worst check, with the reason', async () => {
    const health = service();
    health.add('fine', { probe: async () => {}, whenFailing: 'unhealthy' });
    health.add('cache', { probe: fails, whenFailing: 'degraded' });
    expect(await health.report()).toMatchObject({
      status: 'degraded',
      checks: {
        fine: { status: 'healthy', latency_ms: expect.any(Number) },
        cache: { status: 'degraded', reason: 'gone' },
      },
    });
    health.add('broker', { probe: fails, whenFailing: 'unhealthy' });
    expect(await health.report()).toMatchObject({ status: 'unhealthy' });
  });

  it('does not wait for a check that hangs', async () => {
    const health = service();
    health.add('stuck', { probe: () => new Promise(() => {}), whenFailing: 'unhealthy' });
    expect(await health.report()).toMatchObject({ checks: { stuck: { reason: 'no answer within 50 ms' } } });
  });

  it('is unhealthy once it is closed', async () => {
    const health = service();
    health.close('the service is ending');
    expect(await health.report()).toMatchObject({ status: 'unhealthy', reason: 'the service is ending' });
  });
});
