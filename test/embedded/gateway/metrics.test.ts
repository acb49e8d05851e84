import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { exchange } from './support/http.ts';
import { readRecording } from './support/recording.ts';
import { startUpstream, type TestUpstream } from './support/upstream.ts';

let gateway: TestGateway;
let upstream: TestUpstream;

beforeAll(async () => {
  gateway = await startTestGateway();
  upstream = await startUpstream((request, response) => {
    request.resume();
    response.statusCode = request.url?.startsWith('/teapot') === true ? 418 : 200;
    response.sendDate = false;
    response.end('0123456789');
  });
  await put('/services/s1', { name: 'the service' });
  await put('/consumers', { username: 'jack', plugins: { 'key-auth': { key: 'jack-key' } } });
});
afterAll(() => Promise.all([gateway.close(), upstream.close()]));

async function put(path: string, body: unknown): Promise<void> {
  const answer = await gateway.admin('PUT', path, body);
  expect(answer.status, answer.body).toBeLessThan(300);
}

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

async function samples(): Promise<Sample[]> {
  const url = `http://127.0.0.1:${gateway.adminPort}/apisix/prometheus/metrics`;
  const { body } = await exchange(url);
  return body.split('\n').flatMap((line) => {
    const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === '') return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

const of = async (name: string, some: Record<string, string> = {}) =>
  (await samples()).filter(
    (each) => each.name === name && Object.entries(some).every(([key, value]) => each.labels[key] === value),
  );

const LLM = { request_type: 'traditional_http', request_llm_model: '', llm_model: '' };

/** One exchange over a connection of its own; gives how many bytes went each way. */
async function raw(request: string): Promise<{ sent: number; received: number }> {
  const socket = connect(gateway.port, '127.0.0.1');
  let received = 0;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  socket.write(request);
  await once(socket, 'close');
  return { sent: Buffer.byteLength(request), received };
}

describe('the metrics of a route with the plugin prometheus', () => {
  const labels = { route: 'counted', service: 's1', consumer: 'jack', node: '127.0.0.1', ...LLM };
  let bytes: { sent: number; received: number };

  beforeAll(async () => {
    await put('/routes/counted', {
      uri: '/counted/*',
      host: 'counted.example',
      service_id: 's1',
      plugins: { prometheus: {}, 'key-auth': {}, 'proxy-rewrite': { uri: '/teapot' } },
      upstream: { nodes: { [upstream.address]: 1 } },
    });
    const body = 'x'.repeat(100);
    const head = 'Host: counted.example\r\napikey: jack-key\r\nConnection: close\r\n';
    bytes = await raw(`POST /counted/it?a=1 HTTP/1.1\r\n${head}Content-Length: 100\r\n\r\n${body}`);
  });

  it('have their labels in the order in which APISIX writes them', async () => {
    const url = `http://127.0.0.1:${gateway.adminPort}/apisix/prometheus/metrics`;
    expect((await exchange(url)).body).toContain(
      'apisix_http_status{code="418",route="counted",matched_uri="/counted/*",matched_host="counted.example",service="s1",' +
        'consumer="jack",node="127.0.0.1",request_type="traditional_http",request_llm_model="",llm_model=""} 1\n',
    );
  });

  it('count the answers', async () => {
    expect(await of('apisix_http_status', { route: 'counted' })).toEqual([
      {
        name: 'apisix_http_status',
        labels: { code: '418', matched_uri: '/counted/*', matched_host: 'counted.example', ...labels },
        value: 1,
      },
    ]);
  });

  it('count the bytes of requests and answers, heads and all', async () => {
    const counted = await of('apisix_bandwidth', { route: 'counted' });
    expect(counted.sort((a, b) => a.value - b.value)).toEqual(
      [
        { name: 'apisix_bandwidth', labels: { type: 'ingress', ...labels }, value: bytes.sent },
        { name: 'apisix_bandwidth', labels: { type: 'egress', ...labels }, value: bytes.received },
      ].sort((a, b) => a.value - b.value),
    );
  });

  it('tell the time of the request, of the upstream, and of the gateway', async () => {
    const sums = await of('apisix_http_latency_sum', { route: 'counted' });
    const sum = (type: string) => sums.find((each) => each.labels.type === type)?.value ?? Number.NaN;
    expect(sums.map((each) => each.labels)).toEqual(
      ['request', 'upstream', 'apisix'].map((type) => ({ type, ...labels })),
    );
    expect(sum('request')).toBeGreaterThan(0);
    expect(sum('apisix')).toBeCloseTo(sum('request') - sum('upstream'), 6);
    const buckets = await of('apisix_http_latency_bucket', { route: 'counted', type: 'request' });
    expect(buckets.map((each) => each.labels.le)).toEqual(
      '1 2 5 10 20 50 100 200 500 1000 2000 5000 10000 30000 60000 +Inf'.split(' '),
    );
    expect(buckets.at(-1)?.value).toBe(1);
    expect((await of('apisix_http_latency_count', { route: 'counted', type: 'request' }))[0]?.value).toBe(1);
  });

  it('know no upstream of what the gateway answers itself', async () => {
    await raw('GET /counted/it HTTP/1.1\r\nHost: counted.example\r\nConnection: close\r\n\r\n');
    const refused = { route: 'counted', consumer: '', node: '' };
    expect(await of('apisix_http_status', refused)).toMatchObject([{ labels: { code: '401' }, value: 1 }]);
    const counts = await of('apisix_http_latency_count', refused);
    expect(counts.map((each) => each.labels.type)).toEqual(['request', 'apisix']);
  });

  it('count a request once where a global rule and its route have the plugin, and by what the route says', async () => {
    await put('/global_rules/prometheus', { plugins: { prometheus: {} } });
    for (const [id, prometheus] of [
      ['twice', { prefer_name: true }],
      ['disabled', { _meta: { disable: true } }],
    ] as const) {
      const upstreamOf = { nodes: { [upstream.address]: 1 } };
      await put(`/routes/${id}`, {
        uri: `/${id}`,
        name: `the ${id}`,
        plugins: { prometheus },
        upstream: upstreamOf,
      });
      await exchange(`${gateway.proxyUrl}/${id}`);
    }
    await exchange(`${gateway.proxyUrl}/of-no-route`);
    await gateway.admin('DELETE', '/global_rules/prometheus');
    const counted = async (route: string) =>
      (await of('apisix_http_status', { route })).map(({ value }) => value);
    expect([
      await counted('the twice'),
      await counted('twice'),
      await counted('disabled'),
      await counted(''),
    ]).toEqual([[1], [], [1], [1]]);
  });

  it('name routes and services by their names, where that is preferred and they have some', async () => {
    for (const [id, named] of [
      ['named', { name: 'größe "\n', service_id: 's1' }],
      ['unnamed', {}],
    ] as const) {
      await put(`/routes/${id}`, {
        uri: `/${id}`,
        plugins: { prometheus: { prefer_name: true } },
        upstream: { nodes: { [upstream.address]: 1 } },
        ...named,
      });
      await exchange(`${gateway.proxyUrl}/${id}`);
    }
    expect(await of('apisix_http_status', { route: 'größe \\"\\n', service: 'the service' })).toHaveLength(1);
    expect(await of('apisix_http_status', { route: 'unnamed', service: '' })).toHaveLength(1);
  });

  it('have the names and labels of APISIX', async () => {
    const [recorded] = readRecording('10-plugins.txt').requests.filter(({ url }) =>
      url.endsWith('/prometheus/metrics'),
    );
    const shapes = (text: string) =>
      new Set(
        text.split('\n').flatMap((line) => {
          const [, name, all = ''] =
            /^(apisix_(?!etcd|llm|shared_dict|batch|nginx_metric)\w+)(?:\{(.*)\})? /.exec(line) ?? [];
          return name === undefined
            ? []
            : [`${name} ${[...all.matchAll(/(\w+)=/g)].map(([, key]) => key).sort()}`];
        }),
      );
    const url = `http://127.0.0.1:${gateway.adminPort}/apisix/prometheus/metrics`;
    const ours = shapes((await exchange(url)).body);
    const theirs = shapes(recorded?.answer ?? '');
    expect(theirs.size).toBeGreaterThan(6);
    expect([...theirs].filter((shape) => !ours.has(shape))).toEqual([]);
  });
});

describe('the metrics of the gateway', () => {
  it('count all requests, whatever their route', async () => {
    const before = (await of('apisix_http_requests_total'))[0]?.value ?? Number.NaN;
    await exchange(`${gateway.proxyUrl}/nowhere`);
    expect((await of('apisix_http_requests_total'))[0]?.value).toBe(before + 1);
  });

  it('count requests that break the rules of HTTP under a name of their own', async () => {
    await raw('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
    const [refused, ...others] = await of('qbtc_gateway_refused_requests_total');
    expect([refused?.labels, refused?.value, others]).toEqual([{ reason: 'host' }, 1, []]);
  });

  it('tell the connections by what they do', async () => {
    const state = async (name: string) =>
      (await of('apisix_nginx_http_current_connections', { state: name }))[0]?.value ?? Number.NaN;
    const before = await state('accepted');
    const sockets: Socket[] = [];
    const open = async (text: string) => {
      const socket = connect(gateway.port, '127.0.0.1');
      sockets.push(socket);
      socket.write(text);
      return socket;
    };
    const kept = await open('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(kept, 'data');
    await open('GET /nowhere HTTP/1.1\r\nHost:');
    await expect.poll(() => state('reading')).toBe(1);
    expect(await state('waiting')).toBe(1);
    expect(await state('writing')).toBe(0);
    expect(await state('active')).toBe(2);
    expect((await state('accepted')) - before).toBe(2);
    expect(await state('handled')).toBe(await state('accepted'));
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => state('active')).toBe(0);
  });

  it('tell the health of the nodes that are checked', async () => {
    const checks = { active: { healthy: { interval: 100 } }, passive: { unhealthy: { tcp_failures: 1 } } };
    const checked = { nodes: { [upstream.address]: 1, '127.0.0.1:1': 1 }, checks, retries: 1 };
    await put('/upstreams/checked', checked);
    await put('/services/checked', { upstream: checked });
    await put('/routes/checked', { uri: '/checked', upstream: checked });
    await put('/routes/by-upstream', { uri: '/by-upstream', upstream_id: 'checked' });
    // Checks begin with the first request, as in APISIX.
    expect(await of('apisix_upstream_status')).toEqual([]);
    for (let i = 0; i < 2; i++) await exchange(`${gateway.proxyUrl}/checked`);
    await exchange(`${gateway.proxyUrl}/by-upstream`);
    const found = (await of('apisix_upstream_status')).map(({ labels, value }) => [
      labels.name,
      labels.port,
      value,
    ]);
    expect(found).toHaveLength(4);
    expect(found).toContainEqual(['/apisix/routes/checked', String(upstream.port), 1]);
    expect(found).toContainEqual(['/apisix/routes/checked', '1', 0]);
    expect(found).toContainEqual(['/apisix/upstreams/checked', String(upstream.port), 1]);
    expect((await of('apisix_upstream_status'))[0]?.labels.ip).toBe('127.0.0.1');
    await gateway.admin('DELETE', '/routes/checked');
    expect(await of('apisix_upstream_status', { name: '/apisix/routes/checked' })).toEqual([]);
  });
});
