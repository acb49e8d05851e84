import { describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const breaker = (more: object = {}) => ({
  'api-breaker': {
    break_response_code: 599,
    unhealthy: { http_statuses: [500, 502], failures: 2 },
    healthy: { http_statuses: [200], successes: 2 },
    ...more,
  },
});

/** What comes back while the upstream answers these statuses in turn. */
async function statuses(uri: string, ...answers: number[]): Promise<number[]> {
  const found: number[] = [];
  for (const status of answers) {
    bench.answer = (_, response) => response.writeHead(status).end();
    found.push((await bench.send(uri)).status);
  }
  return found;
}

describe('api-breaker', () => {
  it('answers in the place of an upstream that failed, the longer the more often it did', async () => {
    await bench.route('/a', breaker());
    expect(await statuses('/a', 500, 500, 200)).toEqual([500, 500, 599]);
    expect(bench.seen).toBeUndefined();
    bench.now += 2_000;
    expect(await statuses('/a', 200)).toEqual([599]);
    bench.now += 1_000;
    expect(await statuses('/a', 500, 500, 200)).toEqual([500, 500, 599]);
    bench.now += 4_000;
    expect(await statuses('/a', 200)).toEqual([599]);
    bench.now += 1_000;
    expect(await statuses('/a', 200, 200, 500, 200)).toEqual([200, 200, 500, 200]);
  });

  it('counts an upstream that does not answer', async () => {
    await bench.route('/down', breaker(), { upstream: { nodes: { '127.0.0.1:1': 1 } } });
    expect(await statuses('/down', 0, 0, 0)).toEqual([502, 502, 599]);
  });

  it('forgets failures after successes, and counts no status that it is not told of', async () => {
    await bench.route('/b', breaker());
    expect(await statuses('/b', 500, 200, 200, 500, 404, 503, 200)).toEqual([
      500, 200, 200, 500, 404, 503, 200,
    ]);
  });

  it('keeps hosts and URIs apart, and shares them between routes', async () => {
    await bench.route('/c/*', breaker());
    await bench.route('/c/1', breaker({ break_response_code: 598 }));
    await statuses('/c/1', 500, 500);
    expect(await statuses('/c/2', 200)).toEqual([200]);
    bench.answer = (_, response) => response.end();
    expect((await bench.send('/c/1', { headers: { Host: 'other.test' } })).status).toBe(200);
    expect((await bench.send('/c/1')).status).toBe(598);
  });

  it('answers with the body and the fields that it is told', async () => {
    const headers = [
      { key: 'X-A', value: 'b' },
      { key: 'Content-Type', value: 'text/html' },
      { key: 'Content-Type', value: 'application/json' },
      { key: 'X-Who', value: '$remote_addr $http_x_a' },
      { key: 'X-A', value: 'c' },
    ];
    await bench.route('/d', breaker({ break_response_body: '{"größe":1}', break_response_headers: headers }));
    await statuses('/d', 500, 500);
    const answer = await bench.send('/d', { headers: { 'X-A': 'gr\xc3\xbc' } });
    expect(answer.status).toBe(599);
    expect(Buffer.from(answer.body, 'latin1').toString()).toBe('{"größe":1}');
    expect(answer.headers).toMatchObject({
      'x-a': ['b', 'c'],
      'content-type': ['application/json'],
      'x-who': ['127.0.0.1 gr\xc3\xbc'],
    });
  });

  it.each([
    [
      { break_response_code: 199 },
      'property "break_response_code" validation failed: expected 199 to be at least 200',
    ],
    [
      { unhealthy: { http_statuses: [500, 500] } },
      'property "unhealthy" validation failed: property "http_statuses" validation failed: expected unique items but items 1 and 2 are equal',
    ],
    [{ break_response_headers: [{ key: 'a b', value: 'c' }] }, 'invalid field character in header'],
    [
      { break_response_headers: [{ key: 'a' }] },
      'property "break_response_headers" validation failed: failed to validate item 1: property "value" is required',
    ],
  ])('is refused with %j', async (more, message) => {
    expect(await bench.refusal(breaker(more))).toBe(message);
  });
});
