import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { samplesIn } from '../../../src/metrics/prometheus.ts';
import { metricsIn } from '../../../src/observe/gauges/gateway.ts';
import { instanceMetrics, quantile } from '../../../src/observe/gauges/services.ts';

const BOUNDS = [0.01, 0.1, 1];

test('the quantile lies in the bucket that holds it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.0001, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 50 }),
      fc.constantFrom(0.5, 0.9, 0.99),
      (durations, share) => {
        const counts = [...BOUNDS, Number.POSITIVE_INFINITY].map((bound): [number, number] => [
          bound,
          durations.filter((each) => each <= bound).length,
        ]);
        const sorted = durations.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
        const upper = BOUNDS.find((bound) => exact <= bound) ?? 1;
        const lower = BOUNDS[BOUNDS.indexOf(upper) - 1] ?? 0;
        const found = quantile(new Map(counts), share);
        expect(found).toBeGreaterThanOrEqual(lower);
        expect(found).toBeLessThanOrEqual(upper);
      },
    ),
  );
});

test('what lies beyond the last bound is said to be there', () => {
  expect(
    quantile(
      new Map([
        [1, 0],
        [Number.POSITIVE_INFINITY, 5],
      ]),
      0.5,
    ),
  ).toBe(1);
  expect(quantile(new Map(), 0.5)).toBe(0);
});

test('requests are counted by status, without those for health and metrics', async () => {
  const register = new Registry();
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'h',
    labelNames: ['route', 'status'],
    buckets: BOUNDS,
    registers: [register],
  });
  durations.observe({ route: '/health', status: '200' }, 0.001);
  durations.observe({ route: '/v1/chat/completions', status: '200' }, 0.05);
  durations.observe({ route: '/v1/chat/completions', status: '503' }, 0.5);
  const samples = samplesIn(await register.metrics());
  expect(instanceMetrics('llm-api', samples, ['/health', '/metrics'])).toMatchObject({
    instance: 'llm-api',
    requests: 2,
    errors: 1,
    p50Ms: 100,
  });
  expect(instanceMetrics('llm-api', [], []).p50Ms).toBeUndefined();
});

test("the gateway's requests are summed by route and status, over all nodes", () => {
  const text = [
    'apisix_http_requests_total 9',
    'apisix_http_status{code="200",route="acme-llm-chat",node="a"} 3',
    'apisix_http_status{code="200",route="acme-llm-chat",node="b"} 4',
    'apisix_http_status{code="404",route=""} 2',
    '',
  ].join('\n');
  expect(metricsIn(text)).toEqual({
    requests: 9,
    routes: [
      { route: '', status: '404', count: 2 },
      { route: 'acme-llm-chat', status: '200', count: 7 },
    ],
  });
});
