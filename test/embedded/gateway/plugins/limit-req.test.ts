import { describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const limit = (more: object = {}) => ({
  'limit-req': { rate: 1, burst: 1, key: 'remote_addr', nodelay: true, ...more },
});

describe('limit-req', () => {
  it('lets through what its rate and burst allow, and more as time goes on', async () => {
    await bench.route('/a', limit());
    const status = async () => (await bench.send('/a')).status;
    expect([await status(), await status(), await status()]).toEqual([200, 200, 503]);
    bench.now += 1000;
    expect([await status(), await status()]).toEqual([200, 503]);
  });

  it('delays what is above the rate', async () => {
    await bench.route('/b', limit({ rate: 20, nodelay: false }));
    const begun = performance.now();
    await bench.send('/b');
    const between = performance.now();
    expect((await bench.send('/b')).status).toBe(200);
    expect(performance.now() - between).toBeGreaterThan(48);
    expect(between - begun).toBeLessThan(48);
  });

  it('refuses in the words that are configured', async () => {
    await bench.route('/c', limit({ burst: 0, rejected_code: 429, rejected_msg: 'slower' }));
    await bench.send('/c');
    const answer = await bench.send('/c');
    expect([answer.status, answer.body]).toEqual([429, '{"error_msg":"slower"}\n']);
  });

  it('answers 500 while its Redis is away, or lets pass where that is allowed', async () => {
    const away = { policy: 'redis', redis_host: '127.0.0.1', redis_port: 1 };
    await bench.route('/d', limit(away));
    await bench.route('/e', limit({ ...away, allow_degradation: true }));
    expect((await bench.send('/d')).status).toBe(500);
    expect((await bench.send('/e')).status).toBe(200);
    expect(bench.gateway.logged.at(-1)?.message).toContain('failed to limit req');
  });

  it.each([
    [{ policy: 'redis' }, 'then clause did not match'],
    [{ rate: 0 }, 'property "rate" validation failed: expected 0 to be greater than 0'],
    [{ burst: -1 }, 'property "burst" validation failed: expected -1 to be at least 0'],
    [{ key_type: 'constant' }, 'property "key_type" validation failed: matches none of the enum values'],
  ])('is refused with %j', async (more, message) => {
    expect(await bench.refusal(limit(more))).toBe(message);
  });
});
