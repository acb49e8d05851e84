import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';
import { startUpstream, type TestUpstream } from '../support/upstream.ts';

const bench = pluginBench();
const others: TestUpstream[] = [];
const to = (index: number) => ({ type: 'roundrobin', nodes: { [others[index]?.address ?? '']: 1 } });

beforeAll(async () => {
  for (const name of ['one', 'two']) {
    others.push(await startUpstream((request, response) => response.end(`${name} ${request.headers.host}`)));
  }
  await bench.put('/upstreams/1', to(0));
});
afterAll(() => Promise.all(others.map((each) => each.close())));

let routes = 0;
async function split(rules: object[]): Promise<string> {
  const uri = `/s${routes++}`;
  await bench.route(uri, { 'traffic-split': { rules } });
  return uri;
}
const body = async (target: string, headers: Record<string, string> = {}) =>
  (await bench.send(target, { headers })).body.split(' ')[0];
async function bodies(target: string, count: number): Promise<(string | undefined)[]> {
  const all: (string | undefined)[] = [];
  for (let i = 0; i < count; i++) all.push(await body(target));
  return all;
}

describe('traffic-split', () => {
  it('takes turns by weight, smoothly; an entry without upstream is the route’s own', async () => {
    const weighted_upstreams = [{ upstream_id: 1, weight: 2 }, { upstream: to(1) }, { weight: 1 }];
    const uri = await split([{ weighted_upstreams }]);
    const turns = ['one', 'two', 'upstream', 'one'];
    expect(await bodies(uri, 8)).toEqual([...turns, ...turns]);
  });

  it('sends nothing to what has the weight 0', async () => {
    const uri = await split([
      {
        weighted_upstreams: [
          { upstream_id: 1, weight: 0 },
          { upstream: to(1), weight: 5 },
        ],
      },
    ]);
    expect(new Set(await bodies(uri, 4))).toEqual(new Set(['two']));
    const none = await split([{ weighted_upstreams: [{ upstream_id: 1, weight: 0 }] }]);
    expect(await bodies(none, 2)).toEqual(['upstream', 'upstream']);
  });

  it('counts the last of several entries for one upstream', async () => {
    const weighted_upstreams = [
      { upstream_id: 1, weight: 9 },
      { upstream_id: '1', weight: 1 },
      { weight: 1 },
    ];
    expect((await bodies(await split([{ weighted_upstreams }]), 4)).sort()).toEqual([
      'one',
      'one',
      'upstream',
      'upstream',
    ]);
  });

  it('takes the first rule of which one condition holds', async () => {
    const uri = await split([
      {
        match: [
          { vars: [['arg_a', '==', '1']] },
          {
            vars: [
              ['http_x_canary', '==', '1'],
              ['arg_b', '>', 5],
            ],
          },
        ],
        weighted_upstreams: [{ upstream_id: '1' }],
      },
      { match: [{ vars: [['arg_a', '==', '2']] }], weighted_upstreams: [{ upstream: to(1) }] },
    ]);
    expect(await body(`${uri}?a=1`)).toBe('one');
    expect(await body(`${uri}?b=6`, { 'X-Canary': '1' })).toBe('one');
    expect(await body(`${uri}?b=5`, { 'X-Canary': '1' })).toBe('upstream');
    expect(await body(`${uri}?a=2`)).toBe('two');
    expect(await body(uri)).toBe('upstream');
  });

  it('has a rule without conditions hold always, and sends to the route’s own where none is named', async () => {
    const uri = await split([{}, { weighted_upstreams: [{ upstream_id: 1 }] }]);
    expect(await body(uri)).toBe('upstream');
    await bench.route('/s-none', { 'traffic-split': {} });
    expect(await body('/s-none')).toBe('upstream');
  });

  it('tells the upstream the host that it is to have', async () => {
    const given = { ...to(0), pass_host: 'rewrite', upstream_host: 'other.test' };
    const uri = await split([{ weighted_upstreams: [{ upstream: given }] }]);
    expect((await bench.send(uri)).body).toBe('one other.test');
  });

  it('answers 500 where an upstream is gone', async () => {
    const uri = await split([{ weighted_upstreams: [{ upstream_id: 1 }, { upstream_id: 404, weight: 0 }] }]);
    const answer = await bench.send(uri);
    expect([answer.status, answer.body]).toEqual([500, 'failed to fetch upstream info by upstream id: 404']);
  });

  it.each([
    [
      { rules: [{ match: [{ vars: [['arg_x', 'like', 1]] }] }] },
      /^failed to validate the 'vars' expression: /,
    ],
    [{ rules: [{ match: [{}] }] }, /^failed to validate the 'vars' expression: /],
    [{ rules: [{ weighted_upstreams: [] }] }, /expect array to have at least 1 items$/],
    [{ rules: [{ weighted_upstreams: [{ weight: -1 }] }] }, /expected -1 to be at least 0$/],
    [
      { rules: [{ weighted_upstreams: [{ upstream: { type: 'roundrobin' } }] }] },
      /value should match only one schema/,
    ],
    [
      { rules: [{ weighted_upstreams: [{ upstream: { service_name: 'x', discovery_type: 'dns' } }] }] },
      /is not available in this gateway/,
    ],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ 'traffic-split': configuration })).toMatch(message);
  });
});
