import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../src/embedded/gateway/exchange.ts';
import { HeaderList } from '../../../../src/embedded/gateway/http/header-list.ts';
import { Latencies } from '../../../../src/embedded/gateway/proxy/balancer.ts';
import { timeoutsOf, Upstream, type UpstreamNode } from '../../../../src/embedded/gateway/proxy/upstream.ts';
import type { GatewayObject } from '../../../../src/model/gateway.ts';

/** What choosing a node looks at. */
const exchangeFrom = (remoteAddress = '10.0.0.1') =>
  ({
    remoteAddress,
    request: { headers: new HeaderList(['Host', 'client.example']), host: undefined },
  }) as unknown as Exchange;

function upstreamOf(value: GatewayObject, latencies = new Latencies()): Upstream {
  return new Upstream(value, latencies);
}

const nameOf = (node: UpstreamNode | undefined) => node && `${node.host}:${node.port}`;

/** How often each node is chosen. */
function counts(upstream: Upstream, picks: number, from = () => exchangeFrom()): Record<string, number> {
  const found: Record<string, number> = {};
  for (let i = 0; i < picks; i++) {
    const name = nameOf(upstream.pick(from(), [])) ?? 'none';
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
}

describe('the nodes of an upstream', () => {
  it.each([
    ['a map', { '127.0.0.1:81': 1, 'b.example': 2, '[::1]:83': 3 }],
    [
      'a list',
      [
        { host: '127.0.0.1:81', weight: 1 },
        { host: 'b.example', weight: 2 },
        { host: '::1', port: 83, weight: 3 },
      ],
    ],
  ])('stand in %s', (_form, nodes) => {
    expect(upstreamOf({ nodes }).nodes.map((node) => [node.host, node.port, node.weight])).toEqual([
      ['127.0.0.1', 81, 1],
      ['b.example', 80, 2],
      ['[::1]', 83, 3],
    ]);
  });

  it('have the port in their host before the one beside it, as for nginx', () => {
    const nodes = [{ host: '127.0.0.1:81', port: 9, weight: 1 }];
    expect(nameOf(upstreamOf({ nodes }).pick(exchangeFrom(), []))).toBe('127.0.0.1:81');
  });

  it('have the port of the scheme', () => {
    expect(upstreamOf({ scheme: 'https', nodes: { 'a.example': 1 } }).nodes[0]?.port).toBe(443);
  });
});

describe('a node of weight 0', () => {
  const mixed = { nodes: { 'a:1': 3, 'b:1': 0, 'c:1': 1 } };
  const none = { nodes: { 'a:1': 0, 'b:1': 0 } };

  it('gets nothing while another has a weight', () => {
    expect(counts(upstreamOf(mixed), 12)).toEqual({ 'a:1': 9, 'c:1': 3 });
  });

  it('serves with the others where all have none', () => {
    expect(counts(upstreamOf(none), 12)).toEqual({ 'a:1': 6, 'b:1': 6 });
  });

  it('serves where all with a weight are unhealthy', () => {
    const checks = { passive: { unhealthy: { tcp_failures: 1 } } };
    const upstream = upstreamOf({ nodes: { 'a:1': 1, 'b:1': 0 }, checks });
    upstream.health?.report(upstream.nodes[0] as UpstreamNode, 'refused');
    expect(counts(upstream, 3)).toEqual({ 'b:1': 3 });
  });

  it('is not tried after those with a weight have failed', () => {
    const upstream = upstreamOf({ nodes: { 'a:1': 1, 'b:1': 0 } });
    expect(upstream.pick(exchangeFrom(), [upstream.nodes[0] as UpstreamNode])).toBeUndefined();
  });

  it('serves alone', () => {
    expect(counts(upstreamOf({ nodes: { 'a:1': 0 } }), 2)).toEqual({ 'a:1': 2 });
    expect(counts(upstreamOf({ type: 'chash', key: 'uri', nodes: { 'a:1': 0 } }), 2)).toEqual({ 'a:1': 2 });
  });

  it('has no place in a ring', () => {
    const key = { type: 'chash', hash_on: 'vars', key: 'remote_addr' };
    let client = 0;
    const from = () => exchangeFrom(`10.0.0.${client++}`);
    expect(Object.keys(counts(upstreamOf({ ...key, ...mixed }), 100, from)).sort()).toEqual(['a:1', 'c:1']);
    expect(counts(upstreamOf({ ...key, ...none }), 3, from)).toEqual({ none: 3 });
  });

  it('is the last that least_conn takes', () => {
    const upstream = upstreamOf({ type: 'least_conn', ...mixed });
    const tried: UpstreamNode[] = [];
    for (let i = 0; i < 3; i++) tried.push(upstream.pick(exchangeFrom(), tried) as UpstreamNode);
    expect(tried.map(nameOf)).toEqual(['a:1', 'c:1', 'b:1']);
  });

  it('is one like another to ewma, which knows no weights', () => {
    expect(Object.keys(counts(upstreamOf({ type: 'ewma', ...none }), 100)).sort()).toEqual(['a:1', 'b:1']);
  });
});

describe('ewma', () => {
  let time = 0;
  const latencies = () => new Latencies(() => time);
  const at = (upstream: Upstream, name: string) =>
    upstream.nodes.find((node) => nameOf(node) === name) as UpstreamNode;

  it('takes the faster of two nodes, and of three never the slowest', () => {
    const upstream = upstreamOf({ type: 'ewma', nodes: { 'a:1': 1, 'b:1': 1, 'c:1': 1 } }, latencies());
    upstream.after(at(upstream, 'a:1'), 1);
    upstream.after(at(upstream, 'b:1'), 5);
    upstream.after(at(upstream, 'c:1'), 9);
    expect(Object.keys(counts(upstream, 100)).sort()).toEqual(['a:1', 'b:1']);
    expect(nameOf(upstream.pick(exchangeFrom(), [at(upstream, 'a:1')]))).toBe('b:1');
  });

  it('tries one that it knows nothing of first', () => {
    const upstream = upstreamOf({ type: 'ewma', nodes: { 'a:1': 1, 'b:1': 1 } }, latencies());
    upstream.after(at(upstream, 'a:1'), 1);
    expect(counts(upstream, 5)).toEqual({ 'b:1': 5 });
  });

  it('forgets with time: what was slow long ago comes before what is fast and busy', () => {
    const upstream = upstreamOf({ type: 'ewma', nodes: { 'a:1': 1, 'b:1': 1 } }, latencies());
    upstream.after(at(upstream, 'a:1'), 5);
    for (let second = 0; second < 60; second++) {
      time += 1_000;
      upstream.after(at(upstream, 'b:1'), 1);
    }
    // e^-6 of 5 is less than 1.
    expect(counts(upstream, 5)).toEqual({ 'a:1': 5 });
  });

  it('weighs a new answer by the time since the last one', () => {
    const known = latencies();
    time = 1_000_000;
    known.add('a:1', 100);
    time += 10_000;
    known.add('a:1', 0);
    expect(known.of('a:1')).toBeCloseTo(100 * Math.exp(-1), 6);
  });

  it('remembers a node when its upstream is configured anew', () => {
    const shared = latencies();
    const value = { type: 'ewma', nodes: { 'a:1': 1, 'b:1': 1 } };
    const before = upstreamOf(value, shared);
    before.after(at(before, 'a:1'), 9);
    before.after(at(before, 'b:1'), 1);
    expect(counts(upstreamOf({ ...value }, shared), 5)).toEqual({ 'b:1': 5 });
  });

  it('keeps what it knows of a bounded number of nodes', () => {
    const known = latencies();
    for (let i = 0; i < 20_000; i++) known.add(`node:${i}`, 1);
    expect(known.size).toBeLessThanOrEqual(10_000);
    expect(known.of('node:19999')).toBe(1);
  });
});

describe('what is tried after a node has failed', () => {
  const three = { nodes: { 'a:1': 1, 'b:1': 1, 'c:1': 1 } };

  it('is every other node once, by default', () => {
    const upstream = upstreamOf(three);
    expect([1, 2, 3].map((tries) => upstream.mayRetry(tries, 0))).toEqual([true, true, false]);
    expect(upstream.pick(exchangeFrom(), upstream.nodes)).toBeUndefined();
  });

  it('is as many as `retries` says, within `retry_timeout` seconds', () => {
    expect(upstreamOf({ ...three, retries: 0 }).mayRetry(1, 0)).toBe(false);
    const upstream = upstreamOf({ ...three, retries: 5, retry_timeout: 0.2 });
    expect(upstream.mayRetry(5, 199)).toBe(true);
    expect(upstream.mayRetry(6, 0)).toBe(false);
    expect(upstream.mayRetry(1, 200)).toBe(false);
  });

  it('is the same node where there is no other, if `retries` asks for it', () => {
    const upstream = upstreamOf({ nodes: { 'a:1': 1 }, retries: 1 });
    expect(nameOf(upstream.pick(exchangeFrom(), upstream.nodes))).toBe('a:1');
    expect(upstream.mayRetry(1, 0)).toBe(true);
    expect(upstreamOf({ nodes: { 'a:1': 1 } }).mayRetry(1, 0)).toBe(false);
  });

  it('is a node of the next priority when those of the highest are tried', () => {
    const upstream = upstreamOf({
      nodes: [
        { host: 'low', port: 1, weight: 1, priority: -1 },
        { host: 'high', port: 1, weight: 1, priority: 2 },
        { host: 'none', port: 1, weight: 0, priority: 2 },
      ],
    });
    const first = upstream.pick(exchangeFrom(), []) as UpstreamNode;
    expect(nameOf(first)).toBe('high:1');
    expect(nameOf(upstream.pick(exchangeFrom(), [first]))).toBe('low:1');
  });

  it('is no unhealthy node, unless all are', () => {
    const checks = { passive: { unhealthy: { tcp_failures: 1 } } };
    const upstream = upstreamOf({ nodes: { 'a:1': 1, 'b:1': 1 }, checks });
    const [a, b] = upstream.nodes as [UpstreamNode, UpstreamNode];
    upstream.health?.report(a, 'refused');
    expect(upstream.pick(exchangeFrom(), [b])).toBeUndefined();
    upstream.health?.report(b, 'refused');
    expect(upstream.pick(exchangeFrom(), [b])).toBe(a);
  });
});

describe('the Host that a node gets', () => {
  const node = (upstream: Upstream) => upstream.nodes[0] as UpstreamNode;
  it.each([
    [{}, 'client.example'],
    [{ pass_host: 'pass' }, 'client.example'],
    [{ pass_host: 'node' }, 'a.example:81'],
    [{ pass_host: 'rewrite', upstream_host: 'b.example:82' }, 'b.example:82'],
  ])('by %j', (fields, host) => {
    const upstream = upstreamOf({ nodes: { 'a.example:81': 1 }, ...fields });
    expect(upstream.hostFor(node(upstream), exchangeFrom())).toBe(host);
  });

  it('has no port that the scheme has anyway', () => {
    const upstream = upstreamOf({ nodes: { 'a.example:443': 1 }, scheme: 'https', pass_host: 'node' });
    expect(upstream.hostFor(node(upstream), exchangeFrom())).toBe('a.example');
  });
});

describe('a time that no timer can wait for', () => {
  // setTimeout takes 1 ms for what is longer than 2^31 - 1 ms.
  const longest = (2 ** 31 - 1) / 1000;

  it('is the longest that one can', () => {
    const timeout = { connect: 1e10, send: 5, read: longest + 1 };
    const upstream = upstreamOf({ nodes: {}, timeout, keepalive_pool: { idle_timeout: 1e10 } });
    expect(upstream.timeouts).toEqual({ connect: longest, send: 5, read: longest });
    expect(upstream.keepalive.idleMs).toBe(longest * 1000);
    expect(timeoutsOf(timeout)).toEqual(upstream.timeouts);
  });
});

describe('keepalive_pool', () => {
  it("has APISIX's defaults, one by one", () => {
    expect(upstreamOf({ nodes: {} }).keepalive).toEqual({ size: 320, idleMs: 60_000, requests: 1000 });
    expect(upstreamOf({ nodes: {}, keepalive_pool: { idle_timeout: 0.5 } }).keepalive).toEqual({
      size: 320,
      idleMs: 500,
      requests: 1000,
    });
  });
});
