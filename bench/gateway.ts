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
import { peakBytes, processorMs, proportionalBytes } from './gateway/usage.ts';
import { median } from './support.ts';

// The embedded gateway beside http-proxy, @fastify/http-proxy, fast-proxy, a bare handler on node:http with undici's
// dispatch, and nginx where it is installed. Every proxy is a process of its own; rounds take turns, so that a machine
// that slows down slows all, and what is compared is compared within a round.
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
  /** Bytes of the proxy while all connections were open. */
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
    held = proportionalBytes(running.pid);
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
async function rounds(
  targets: readonly Target[],
  options: { connections?: number } = {},
): Promise<Map<string, Load[]>> {
  for (const target of targets) await load(target, { ...options, seconds: 1 });
  const loads = new Map<string, Load[]>(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1)
    for (const target of targets) loads.get(target.name)?.push(await load(target, options));
  return loads;
}

/** The median of the ratios within rounds. */
function ratio(loads: readonly Load[], base: readonly Load[], of: (load: Load) => number): number {
  return median(loads.map((each, round) => of(each) / of(base[round] ?? each)));
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

const say = (line: string) => process.stdout.write(`${line}\n`);
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

async function besidePeers(targets: readonly Target[]): Promise<void> {
  const loads = await rounds(targets);
  const base = loads.get(BASE) ?? [];
  say(`${''.padEnd(34)}requests/s   ratio   p99 ms   us a request   ratio`);
  for (const [name, each] of loads) {
    const cells = [
      median(each.map(({ perSecond }) => perSecond))
        .toFixed(0)
        .padStart(10),
      ratio(each, base, ({ perSecond }) => perSecond)
        .toFixed(2)
        .padStart(8),
      String(median(each.map(({ p99 }) => p99))).padStart(9),
      median(each.map(({ cost }) => cost))
        .toFixed(0)
        .padStart(15),
      ratio(each, base, ({ cost }) => cost)
        .toFixed(2)
        .padStart(8),
    ];
    say(name.padEnd(34) + cells.join(''));
  }
  say(
    `ratios to ${BASE}, medians of ${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections, 1 KB bodies; ` +
      "processor time is the proxy's own",
  );
}

async function manyConnections(targets: readonly Target[]): Promise<void> {
  const loads = await rounds(targets, { connections: MANY_CONNECTIONS });
  const base = loads.get(BASE) ?? [];
  for (const [name, each] of loads) {
    const p99 = median(each.map((load) => load.p99));
    say(
      `${MANY_CONNECTIONS} connections, ${name}: p99 ${p99} ms, ratio ${ratio(each, base, (load) => load.p99).toFixed(2)}; ` +
        `PSS ${megabytes(median(each.map(({ held }) => held)))}`,
    );
  }
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
async function severalWorkers(): Promise<void> {
  const upstream = await startLightUpstream();
  const one = await startGateway(1);
  const two = await startGateway(2);
  const told = (shares: Share[], of: (share: Share) => number) => median(shares.map(of)).toFixed(0);
  try {
    for (const gateway of [one, two]) await configure(gateway, `127.0.0.1:${upstream.port}`);
    for (const [name, route] of [
      ['plain', PLAIN],
      ['key-auth + limit-count', GUARDED],
    ] as const) {
      for (const gateway of [one, two]) await shareOf(gateway, route);
      const shares: Record<'one' | 'two', Share[]> = { one: [], two: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        shares.one.push(await shareOf(one, route));
        shares.two.push(await shareOf(two, route));
      }
      const times = shares.two.map(({ perSecond }, round) => perSecond / (shares.one[round]?.perSecond ?? 1));
      const rates = [shares.two, shares.one].map((all) => told(all, (each) => each.perSecond));
      const costs = [shares.two, shares.one].map((all) => told(all, (each) => each.cost));
      say(
        `two workers ÷ one, two cores, client counted, ${name}: ${median(times).toFixed(2)} ` +
          `(${rates.join(' and ')} requests/s, ${costs.join(' and ')} us a request)`,
      );
    }
  } finally {
    for (const each of [one, two, upstream]) each.stop();
  }
}

async function upload(): Promise<void> {
  const sink = await start('sink');
  const gateway = await startGateway();
  try {
    await configure(gateway, `127.0.0.1:${sink.port}`);
    const before = peakBytes(gateway.pid);
    const since = performance.now();
    await post(`http://127.0.0.1:${gateway.port}/plain`, UPLOAD_BYTES);
    const seconds = (performance.now() - since) / 1000;
    say(
      `${megabytes(UPLOAD_BYTES)} upload: memory ${megabytes(peakBytes(gateway.pid))} at most, ` +
        `${megabytes(before)} before; ${seconds.toFixed(1)} s`,
    );
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

async function main(): Promise<void> {
  const upstream = await start('upstream');
  const address = `127.0.0.1:${upstream.port}`;
  const names = [BASE, '@fastify/http-proxy', 'fast-proxy', 'bare undici'];
  const peers = await Promise.all(names.map((name) => start(name, address)));
  const nginx = await startNginx(address);
  const gateway = await startGateway();
  await configure(gateway, address);
  const targets: Target[] = [
    ...peers.map((running, at) => ({ name: names[at] ?? '', running, path: '/', headers: {} })),
    ...(nginx === undefined ? [] : [{ name: 'nginx', running: nginx, path: '/', headers: {} }]),
    { name: 'gateway, plain route', running: gateway, ...PLAIN },
    { name: 'gateway, key-auth + limit-count', running: gateway, ...GUARDED },
  ];
  try {
    await besidePeers(targets);
    await manyConnections(
      targets.filter(({ name }) => name === BASE || name === 'nginx' || name.startsWith('gateway')),
    );
  } finally {
    for (const each of [gateway, ...peers, upstream]) each.stop();
    nginx?.stop();
  }
  await severalWorkers();
  await upload();
  const [few, many] = [matching(10), matching(10_000)];
  say(
    `matching: ${few.toFixed(2)} us among 10 routes, ${many.toFixed(2)} us among 10,000, ` +
      `ratio ${(many / few).toFixed(2)}`,
  );
}

if (!(await playsRole())) await main();
