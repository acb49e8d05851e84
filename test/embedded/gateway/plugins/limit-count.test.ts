import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRedis, startRedis } from '../../../../src/embedded/redis/server.ts';
import { startTestGateway } from '../support/gateway.ts';
import { exchange } from '../support/http.ts';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const limit = (more: object = {}) => ({ 'limit-count': { count: 2, time_window: 60, ...more } });

async function statuses(
  target: string,
  times: number,
  headers: Record<string, string> = {},
): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < times; i++) found.push((await bench.send(target, { headers })).status);
  return found;
}

describe('limit-count', () => {
  it('lets as many through as it says, tells what is left, and begins anew after the window', async () => {
    await bench.route('/a', limit());
    const told = async () => {
      const { status, headers } = await bench.send('/a');
      const [allowed, remaining, reset] = ['limit', 'remaining', 'reset'].map(
        (name) => headers[`x-ratelimit-${name}`]?.[0],
      );
      return [status, allowed, remaining, reset];
    };
    expect(await told()).toEqual([200, '2', '1', '60']);
    bench.now += 10_000;
    expect(await told()).toEqual([200, '2', '0', '50']);
    expect(await told()).toEqual([503, '2', '0', '50']);
    expect(bench.seen).toBeUndefined();
    bench.now += 50_000;
    expect(await told()).toEqual([200, '2', '1', '60']);
  });

  it('refuses in the words that are configured, and hides the quota', async () => {
    await bench.route(
      '/b',
      limit({ count: 1, rejected_code: 429, rejected_msg: 'später', show_limit_quota_header: false }),
    );
    await bench.send('/b');
    const answer = await bench.send('/b');
    expect(answer.status).toBe(429);
    expect(Buffer.from(answer.body, 'latin1').toString()).toBe('{"error_msg":"später"}\n');
    expect(answer.headers['x-ratelimit-limit']).toBeUndefined();
  });

  it.each([
    ['var', 'http_x_user', [200, 503, 200, 503]],
    ['var_combination', '$http_x_user $http_x_none', [200, 503, 200, 503]],
    ['var_combination', '$http_x_none', [200, 503, 503, 503]],
    ['constant', 'http_x_user', [200, 503, 503, 503]],
  ])('counts by %s %s', async (key_type, key, expected) => {
    const uri = `/c-${key_type}-${key.length}`;
    await bench.route(uri, limit({ count: 1, key_type, key }));
    const found: number[] = [];
    for (const user of ['a', 'a', 'gr\xc3\xbcn', 'gr\xc3\xbcn']) {
      found.push(...(await statuses(uri, 1, { 'X-User': user })));
    }
    expect(found).toEqual(expected);
  });

  it('counts by what stands in the body', async () => {
    await bench.route('/body', limit({ count: 1, key: 'post_arg_user' }));
    const status = async (user: string) => {
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      return (await bench.send('/body', { method: 'POST', headers, body: `user=${user}` })).status;
    };
    expect([await status('a'), await status('b'), await status('a')]).toEqual([200, 200, 503]);
  });

  it('keeps names of its own objects and keys of any length apart', async () => {
    await bench.route('/d', limit({ count: 1, key: 'http_x_user' }));
    for (const user of ['__proto__', 'constructor', 'x'.repeat(4000), `${'x'.repeat(3999)}y`]) {
      expect(await statuses('/d', 2, { 'X-User': user })).toEqual([200, 503]);
    }
  });

  it('counts each route for itself, also by what stands at their service', async () => {
    await bench.put('/services/limited', { plugins: limit() });
    await bench.route('/e/1', {}, { service_id: 'limited' });
    await bench.route('/e/2', {}, { service_id: 'limited' });
    expect(await statuses('/e/1', 3)).toEqual([200, 200, 503]);
    expect(await statuses('/e/2', 1)).toEqual([200]);
  });

  it('counts routes of one group together', async () => {
    await bench.route('/f/1', limit({ group: 'services_1#1640140620' }));
    await bench.route('/f/2', limit({ group: 'services_1#1640140620' }));
    expect(await statuses('/f/1', 2)).toEqual([200, 200]);
    expect(await statuses('/f/2', 1)).toEqual([503]);
  });

  it('keeps its count when something else of the route changes, and begins anew when it changes itself', async () => {
    const put = (plugins: object, more: object = {}) =>
      bench.put('/routes/changing', {
        uri: '/g',
        plugins,
        upstream: { nodes: { [bench.upstream.address]: 1 } },
        ...more,
      });
    await put(limit());
    expect(await statuses('/g', 2)).toEqual([200, 200]);
    await put(limit(), { desc: 'something else' });
    expect(await statuses('/g', 1)).toEqual([503]);
    await put(limit({ count: 3 }));
    expect(await statuses('/g', 1)).toEqual([200]);
  });

  it('counts over all routes where it stands in a global rule', async () => {
    await bench.put('/global_rules/limit', {
      plugins: limit({ count: 3, key: 'http_x_global', _meta: { filter: [['http_x_global', '==', 'yes']] } }),
    });
    const yes = { 'X-Global': 'yes' };
    await bench.route('/h/1', {});
    await bench.route('/h/2', {});
    expect(await statuses('/h/1', 2, yes)).toEqual([200, 200]);
    expect(await statuses('/h/2', 1, yes)).toEqual([200]);
    expect(await statuses('/none', 1, yes)).toEqual([503]);
    expect(await statuses('/none', 1)).toEqual([404]);
    await bench.gateway.admin('DELETE', '/global_rules/limit');
  });

  it('tells the quota under the names of its metadata', async () => {
    await bench.put('/plugin_metadata/limit-count', { limit_header: 'RateLimit-Limit' });
    await bench.route('/i', limit());
    const { headers } = await bench.send('/i');
    expect(headers['ratelimit-limit']).toEqual(['2']);
    expect(headers['x-ratelimit-remaining']).toEqual(['1']);
    await bench.gateway.admin('DELETE', '/plugin_metadata/limit-count');
  });

  it.each([
    [{ policy: 'redis' }, 'then clause did not match'],
    [{ policy: 'redis', redis_host: 'x' }, 'then clause did not match'],
    [{ policy: 'redis', redis_host: 'localhost', redis_port: '6379' }, 'then clause did not match'],
    [{ policy: 'redis-cluster', redis_cluster_nodes: [] }, 'else clause did not match'],
    [{ policy: 'elsewhere' }, 'property "policy" validation failed: matches none of the enum values'],
    [{ key: 'request_type' }, /^variable "request_type" is not available in this gateway; /],
    [{ key_type: 'var_combination', key: '$arg_a ${ssl_cipher}' }, /^variable "ssl_cipher" is not available/],
    [{ count: 0 }, 'property "count" validation failed: expected 0 to be greater than 0'],
  ])('is refused with %j', async (more, message) => {
    const refusal = await bench.refusal(limit(more));
    if (typeof message === 'string') expect(refusal).toBe(message);
    else expect(refusal).toMatch(message);
  });
});

describe('limit-count over Redis', () => {
  let redis: RunningRedis;
  beforeAll(async () => {
    redis = await startRedis({ host: '127.0.0.1', port: 0, password: 'p4ss' }, () => {});
  });
  afterAll(() => redis.close());
  const shared = (more: object = {}) =>
    limit({
      policy: 'redis',
      redis_host: '127.0.0.1',
      redis_port: redis.port,
      redis_password: 'p4ss',
      ...more,
    });

  it('is one limit for two gateways', async () => {
    await bench.put('/routes/shared', {
      uri: '/r1',
      plugins: shared(),
      upstream: { nodes: { [bench.upstream.address]: 1 } },
    });
    const other = await startTestGateway();
    await other.admin('PUT', '/routes/shared', { uri: '/r1', plugins: shared() });
    const first = await bench.send('/r1');
    expect([first.status, first.headers['x-ratelimit-remaining']]).toEqual([200, ['1']]);
    const second = await exchange(`${other.proxyUrl}/r1`);
    expect(second.headers['x-ratelimit-remaining']).toBe('0');
    expect((await bench.send('/r1')).status).toBe(503);
    await other.close();
  });

  it('answers 500 while the Redis is away, or lets pass where that is allowed', async () => {
    await bench.route('/r2', shared({ redis_port: 1 }));
    await bench.route('/r3', shared({ redis_port: 1, allow_degradation: true }));
    const refused = await bench.send('/r2');
    expect([refused.status, refused.body]).toEqual([500, '{"error_msg":"failed to limit count"}\n']);
    expect(await statuses('/r3', 3)).toEqual([200, 200, 200]);
    expect(bench.gateway.logged.at(-1)?.message).toMatch(/^failed to limit count: .*ECONNREFUSED/);
  });
});
