import { request } from 'node:http';
import autocannon from 'autocannon';
import { lightLoad } from './gateway/light-load.ts';
import { matching } from './gateway/matching.ts';
import {
  playsRole,
  type Running,
  start,
  startGateway,
  startLightUpstream,
  startNginx,
} from './gateway/peers.ts';
import { type Benchmark, type Extent, type Figure, figureOf, isGuard } from './guard/figure.ts';
import { memoryOf, peakBytes, processorMs } from './support/processes.ts';

const ROUNDS = 3;
const SECONDS = 2;
const CONNECTIONS = 32;
const MANY_CONNECTIONS = 256;
const UPLOAD_BYTES = 500e6;
const BASE = 'http-proxy';

interface Target {
  name: string;
  running: Running;
  path: string;
  headers: Record<string, string>;
}

interface Load {
  perSecond: number;
  /** Milliseconds. */
  p99: number;
  /** Microseconds of processor time that the proxy had for a request. */
  cost: number;
  /** Megabytes of the proxy while all connections were open. */
  held: number;
}

async function load(
  { running, path, headers }: Omit<Target, 'name'>,
  { seconds = SECONDS, connections = CONNECTIONS } = {},
): Promise<Load> {
  const url = `http://127.0.0.1:${running.port}${path}`;
  const before = processorMs(running.pid);
  let held = 0;
  const sample = setTimeout(() => {
    held = memoryOf([running.pid]).proportional;
  }, seconds * 900);
  const result = await autocannon({ url, headers, connections, duration: seconds });
  clearTimeout(sample);
  const failed = result.non2xx + result.errors + result.timeouts;
  if (failed > 0) throw new Error(`${failed} requests to ${url} failed`);
  return {
    perSecond: result['2xx'] / result.duration,
    p99: result.latency.p99,
    cost: ((processorMs(running.pid) - before) * 1000) / result['2xx'],
    held,
  };
}

/** Loads all in turn, and so often; gives what each came to. */
async function inTurn(
  targets: readonly Target[],
  { rounds = ROUNDS, ...options }: { rounds?: number | undefined; connections?: number },
): Promise<Map<string, Load[]>> {
  for (const target of targets) await load(target, { ...options, seconds: 1 });
  const loads = new Map<string, Load[]>(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const target of targets) loads.get(target.name)?.push(await load(target, options));
  return loads;
}

/** Gives every gateway the two routes that are measured. */
async function configure(gateway: Gateway, address: string): Promise<void> {
  const upstream = { nodes: { [address]: 1 } };
  await gateway.put('/routes/plain', { uri: '/plain', upstream });
  await gateway.put('/consumers', { username: 'bench', plugins: { 'key-auth': { key: 'bench' } } });
  await gateway.put('/routes/guarded', {
    uri: '/guarded',
    plugins: { 'key-auth': {}, 'limit-count': { count: 1e9, time_window: 60, key: 'consumer_name' } },
    upstream,
  });
}

const GUARDED = { path: '/guarded', headers: { apikey: 'bench' } };
const PLAIN = { path: '/plain', headers: {} };

/** What every proxy came to beside the base, as figures. */
function figuresOf(loads: ReadonlyMap<string, readonly Load[]>, name: string, of: (load: Load) => number) {
  const values = (loads.get(name) ?? []).map(of);
  const peer = { name: BASE, values: (loads.get(BASE) ?? []).map(of) };
  return name === BASE ? { values } : { values, peer };
}

async function besidePeers(targets: readonly Target[], { rounds }: Extent): Promise<Figure[]> {
  const loads = await inTurn(targets, { rounds });
  return targets.flatMap(({ name }) => [
    figureOf({
      ...{ name: `${name}: requests/s`, unit: '/s', better: 'higher' },
      ...figuresOf(loads, name, ({ perSecond }) => perSecond),
    }),
    figureOf({
      ...{ name: `${name}: processor time a request`, unit: 'µs', better: 'lower' },
      ...figuresOf(loads, name, ({ cost }) => cost),
    }),
    figureOf({
      ...{ name: `${name}: p99`, unit: 'ms', better: 'lower' },
      ...figuresOf(loads, name, ({ p99 }) => p99),
    }),
  ]);
}

async function manyConnections(targets: readonly Target[], { rounds }: Extent): Promise<Figure[]> {
  const loads = await inTurn(targets, { rounds, connections: MANY_CONNECTIONS });
  return targets.flatMap(({ name }) => [
    figureOf({
      ...{ name: `${name}: p99, ${MANY_CONNECTIONS} connections`, unit: 'ms', better: 'lower' },
      ...figuresOf(loads, name, ({ p99 }) => p99),
    }),
    figureOf({
      ...{ name: `${name}: PSS, ${MANY_CONNECTIONS} connections`, unit: 'MB', better: 'lower' },
      ...figuresOf(loads, name, ({ held }) => held),
    }),
  ]);
}

type Gateway = Awaited<ReturnType<typeof startGateway>>;
/** Requests a second, and microseconds of processor time of the gateway for each. */
interface Share {
  perSecond: number;
  cost: number;
}

async function shareOf(
  { port, pid }: Gateway,
  { path, headers }: typeof GUARDED | typeof PLAIN,
): Promise<Share> {
  const before = processorMs(pid);
  const options = { seconds: SECONDS, connections: CONNECTIONS };
  const { perSecond } = await lightLoad(port, path, headers, options);
  return { perSecond, cost: ((processorMs(pid) - before) * 1000) / (perSecond * SECONDS) };
}

/** Client, upstream and gateway share two cores; the first two are as light as there are here. */
async function severalWorkers({ rounds = ROUNDS }: Extent): Promise<Figure[]> {
  const upstream = await startLightUpstream();
  const one = await startGateway(1);
  const two = await startGateway(2);
  try {
    for (const gateway of [one, two]) await configure(gateway, `127.0.0.1:${upstream.port}`);
    const figures: Figure[] = [];
    for (const [name, route] of [
      ['plain', PLAIN],
      ['key-auth + limit-count', GUARDED],
    ] as const) {
      for (const gateway of [one, two]) await shareOf(gateway, route);
      const shares: Record<'one' | 'two', Share[]> = { one: [], two: [] };
      for (let round = 0; round < rounds; round += 1) {
        shares.one.push(await shareOf(one, route));
        shares.two.push(await shareOf(two, route));
      }
      const beside = (of: (share: Share) => number) => ({
        values: shares.two.map(of),
        peer: { name: 'one worker', values: shares.one.map(of) },
      });
      figures.push(
        figureOf({
          ...{ name: `two workers, ${name}: requests/s`, unit: '/s', better: 'higher' },
          ...beside(({ perSecond }) => perSecond),
        }),
        figureOf({
          ...{ name: `two workers, ${name}: processor time a request`, unit: 'µs', better: 'lower' },
          ...beside(({ cost }) => cost),
        }),
      );
    }
    return figures;
  } finally {
    for (const each of [one, two, upstream]) each.stop();
  }
}

async function upload(): Promise<Figure> {
  const sink = await start('sink');
  const gateway = await startGateway();
  try {
    await configure(gateway, `127.0.0.1:${sink.port}`);
    const before = peakBytes(gateway.pid);
    await post(`http://127.0.0.1:${gateway.port}/plain`, UPLOAD_BYTES);
    return {
      name: `memory at most, for an upload of ${UPLOAD_BYTES / 1e6} MB`,
      value: peakBytes(gateway.pid) / 1e6,
      unit: 'MB',
      better: 'lower',
      peer: { name: 'before', value: before / 1e6 },
    };
  } finally {
    gateway.stop();
    sink.stop();
  }
}

function post(url: string, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024);
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers: { 'content-length': bytes } }, (response) => {
      response.resume();
      if (response.statusCode === 200) response.once('end', resolve);
      else reject(new Error(`the upload was answered by ${response.statusCode}`));
    });
    outgoing.once('error', reject);
    let left = bytes;
    const send = () => {
      while (left > 0) {
        const piece = left < chunk.length ? chunk.subarray(0, left) : chunk;
        left -= piece.length;
        if (!outgoing.write(piece)) {
          outgoing.once('drain', send);
          return;
        }
      }
      outgoing.end();
    };
    send();
  });
}

function matchingCost({ rounds = ROUNDS }: Extent): Figure {
  const pairs = Array.from({ length: rounds }, () => [matching(10), matching(10_000)] as const);
  return figureOf({
    name: 'a match among 10,000 routes',
    unit: 'µs',
    better: 'lower',
    values: pairs.map(([, many]) => many),
    peer: { name: 'among 10', values: pairs.map(([few]) => few) },
  });
}

export const benchmark: Benchmark = {
  about: `The embedded gateway beside http-proxy, @fastify/http-proxy, fast-proxy, a bare handler on node:http with undici's dispatch, and nginx where it is installed: a process each, ${CONNECTIONS} connections, bodies of 1 KB, rounds of ${SECONDS} s in turn. Processor time is the proxy's own.`,
  playsRole,
  async measure(extent) {
    const upstream = await start('upstream');
    const address = `127.0.0.1:${upstream.port}`;
    // What only stands beside it says nothing of how it changes.
    const isAlone = isGuard(extent);
    const names = isAlone ? [BASE] : [BASE, '@fastify/http-proxy', 'fast-proxy', 'bare undici'];
    const peers = await Promise.all(names.map((name) => start(name, address)));
    const nginx = isAlone ? undefined : await startNginx(address);
    const gateway = await startGateway();
    await configure(gateway, address);
    const targets: Target[] = [
      ...peers.map((running, at) => ({ name: names[at] ?? '', running, path: '/', headers: {} })),
      ...(nginx === undefined ? [] : [{ name: 'nginx', running: nginx, path: '/', headers: {} }]),
      { name: 'gateway, plain route', running: gateway, ...PLAIN },
      { name: 'gateway, key-auth + limit-count', running: gateway, ...GUARDED },
    ];
    const figures: Figure[] = [];
    try {
      figures.push(...(await besidePeers(targets, extent)));
      if (extent.short !== true) {
        const held = ({ name }: Target) => name === BASE || name === 'nginx' || name.startsWith('gateway');
        figures.push(...(await manyConnections(targets.filter(held), extent)));
      }
    } finally {
      for (const each of [gateway, ...peers, upstream]) each.stop();
      nginx?.stop();
    }
    if (extent.short === true) return { figures };
    figures.push(...(await severalWorkers(extent)), await upload(), matchingCost(extent));
    return { figures };
  },
};
