import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();

beforeAll(async () => {
  await bench.put('/consumers', { username: 'jack', plugins: { 'key-auth': { key: 'k' } } });
  await bench.route('/apisix/prometheus/metrics', { 'public-api': {} });
  await bench.route('/other', { 'public-api': {} });
  await bench.route('/metrics', { 'public-api': { uri: '/apisix/prometheus/metrics' }, 'key-auth': {} });
});

describe('public-api', () => {
  it.each([
    ['/apisix/prometheus/metrics', {}],
    ['/metrics', { apikey: 'k' }],
  ])('serves the metrics at %s', async (target, headers) => {
    const answer = await bench.send(target, { headers });
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('apisix_http_requests_total');
    expect(bench.seen).toBeUndefined();
  });

  it('leaves the other plugins of the route in force', async () => {
    expect((await bench.send('/metrics')).status).toBe(401);
  });

  it('serves nothing else', async () => {
    expect((await bench.send('/other')).status).toBe(404);
    expect((await bench.send('/apisix/prometheus/metrics', { method: 'POST' })).status).toBe(404);
  });

  it('refuses by name the APIs that this gateway lacks', async () => {
    expect(await bench.refusal({ 'public-api': { uri: '/apisix/batch-requests' } })).toMatch(
      /^public API "\/apisix\/batch-requests" is not available in this gateway; APISIX has it/,
    );
    expect(await bench.refusal({ 'public-api': { uri: 1 } })).toBe(
      'property "uri" validation failed: wrong type: expected string, got number',
    );
  });
});
