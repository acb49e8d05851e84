import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../src/context.ts';
import { mapConcurrently } from '../src/reconcile/map-concurrently.ts';
import { reachContext } from '../test/support/context.ts';
import { freePorts } from '../test/support/ports.ts';
import { type Benchmark, type Figure, figureOf, isGuard } from './guard/figure.ts';
import { startOfNode } from './support/processes.ts';
import { CHECKOUT } from './support/stack.ts';

const SIZES = [1_000, 5_000, 10_000];
/** What is guarded, and what there is time for in short. */
const GUARDED = [1_000];
const ROUTES_EACH = 10;
const IN_FLIGHT = 32;
const RUNS = 3;
const PROGRAM = join(CHECKOUT, 'dist', 'src', 'embedded', 'gateway', 'main.js');
const LISTS = [
  'upstreams',
  'services',
  'consumers',
  'routes',
  'ssls',
  'plugin_configs',
  'global_rules',
  'plugin_metadata',
];
type Reach = Pick<Context, 'http' | 'clock'>;

interface Admin {
  url: string;
  key: string;
}

/** Milliseconds, but for the memory. */
interface Figures {
  bareNode: number;
  barePuts: number;
  firstSync: number;
  bareLists: number;
  emptySync: number;
  oneChange: number;
  /** Megabytes, the most that any of the commands held. */
  memory: number;
}

const labels = { 'managed-by': 'qbtc', 'qbtc-stack': 'bench' };
const upstreamOf = (index: number) => ({ type: 'roundrobin', nodes: { [`127.0.0.1:${20_000 + index}`]: 1 } });
const routeOf = (index: number) => ({
  uri: `/s${Math.floor(index / ROUTES_EACH)}/r${index}`,
  methods: ['GET', 'POST'],
  upstream_id: `bench-u${Math.floor(index / ROUTES_EACH)}`,
  plugins: { 'key-auth': {}, 'limit-count': { count: 100, time_window: 60 } },
});

async function oneRun(context: Reach, routes: number): Promise<Figures> {
  return withGateway(context, async (admin) => {
    const barePuts = await timed(() => putAll(context, admin, routes));
    await deleteAll(context, admin, routes);
    const folder = mkdtempSync(join(tmpdir(), 'qbtc-bench-routes-'));
    try {
      const stack = writeStack(folder, admin, routes);
      const firstSync = stack.sync();
      const bareLists = await timed(() => listAll(context, admin));
      const emptySync = stack.sync();
      stack.change();
      const oneChange = stack.sync();
      const memory = stack.memory();
      return { bareNode: startOfNode(), barePuts, firstSync, bareLists, emptySync, oneChange, memory };
    } finally {
      await deleteAll(context, admin, routes);
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function writeStack(root: string, admin: Admin, routes: number) {
  const folder = join(root, 'infrastructure', 'apisix_conf');
  mkdirSync(folder, { recursive: true });
  const { port } = new URL(admin.url);
  writeFileSync(
    join(root, 'qbtc.yaml'),
    `version: 1\nname: bench\ninfrastructure:\n  gateway:\n    kind: apisix\n    provider: external\n    url: http://127.0.0.1:${port}\n    admin_url: ${admin.url}\n    admin_key: ${admin.key}\n`,
  );
  const lines = ['upstreams:'];
  for (let i = 0; i < routes / ROUTES_EACH; i += 1) {
    lines.push(`  - id: bench-u${i}`, '    type: roundrobin', `    nodes: { "127.0.0.1:${20_000 + i}": 1 }`);
  }
  lines.push('routes:');
  for (let i = 0; i < routes; i += 1) {
    const { uri, upstream_id: upstream } = routeOf(i);
    lines.push(
      `  - id: bench-r${i}`,
      `    uri: ${uri}`,
      '    methods: [GET, POST]',
      `    upstream_id: ${upstream}`,
      '    plugins:',
      '      key-auth: {}',
      '      limit-count: { count: 100, time_window: 60 }',
    );
  }
  const file = join(folder, 'routes.yaml');
  writeFileSync(file, `${lines.join('\n')}\n`);
  // A second file takes the change, as an edit of a few lines would.
  const small = join(folder, 'small.yaml');
  writeFileSync(
    small,
    'upstreams:\n  - { id: bench-small, type: roundrobin, nodes: { "127.0.0.1:1": 1 } }\n',
  );
  const meter = join(root, 'meter.cjs');
  const measured = join(root, 'memory');
  writeFileSync(
    meter,
    `process.on('exit', () => require('node:fs').appendFileSync(${JSON.stringify(measured)}, process.resourceUsage().maxRSS + '\\n'));`,
  );
  return {
    sync(): number {
      const before = performance.now();
      const { status, stderr } = spawnSync(
        process.execPath,
        [join(CHECKOUT, 'bin', 'qbtc.js'), 'routes', 'sync', '--json'],
        {
          cwd: root,
          encoding: 'utf8',
          maxBuffer: 64 * 1024 * 1024,
          env: { ...process.env, NODE_OPTIONS: `--require ${meter}` },
        },
      );
      if (status !== 0) throw new Error(stderr);
      return performance.now() - before;
    },
    change: () =>
      writeFileSync(
        small,
        'upstreams:\n  - { id: bench-small, type: roundrobin, nodes: { "127.0.0.1:2": 1 } }\n',
      ),
    memory: () => Math.max(...readFileSync(measured, 'utf8').trim().split('\n').map(Number)) / 1024,
  };
}

async function withGateway<T>(context: Reach, work: (admin: Admin) => Promise<T>): Promise<T> {
  const { QBTC_APISIX_ADMIN: url, QBTC_APISIX_KEY: key } = process.env;
  if (url && key) return work({ url: url.replace(/\/+$/, ''), key });
  const [port = 0, adminPort = 0] = await freePorts(2);
  const admin = { url: `http://127.0.0.1:${adminPort}`, key: 'admin-key-of-the-bench' };
  const configuration = JSON.stringify({ host: '127.0.0.1', port, adminPort, adminKey: admin.key });
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, QBTC_EMBEDDED: configuration },
  });
  try {
    while (!(await isReady(context, admin))) {
      if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
      await context.clock.sleep(20);
    }
    return await work(admin);
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  }
}

async function call({ http }: Reach, { url, key }: Admin, method: string, path: string, body?: object) {
  const once = () =>
    http(`${url}/apisix/admin/${path}`, {
      method,
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      timeoutMs: 30_000,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  // A connection that was idle while the command ran may just be closing.
  return once().catch(once);
}

const isReady = (context: Reach, admin: Admin) =>
  call(context, admin, 'GET', 'routes').then(
    ({ status }) => status === 200,
    () => false,
  );

async function putAll(context: Reach, admin: Admin, routes: number): Promise<void> {
  const put = async (path: string, body: object) => {
    const { status, body: text } = await call(context, admin, 'PUT', path, { ...body, labels });
    if (status !== 201) throw new Error(`${path}: ${status} ${text}`);
  };
  const upstreams = Array.from({ length: routes / ROUTES_EACH }, (_, index) => index);
  await mapConcurrently(upstreams, IN_FLIGHT, (index) => put(`upstreams/bench-u${index}`, upstreamOf(index)));
  const all = Array.from({ length: routes }, (_, index) => index);
  await mapConcurrently(all, IN_FLIGHT, (index) => put(`routes/bench-r${index}`, routeOf(index)));
}

async function deleteAll(context: Reach, admin: Admin, routes: number): Promise<void> {
  const all = Array.from({ length: routes }, (_, index) => index);
  await mapConcurrently(all, IN_FLIGHT, (index) => call(context, admin, 'DELETE', `routes/bench-r${index}`));
  await mapConcurrently(all.slice(0, routes / ROUTES_EACH), IN_FLIGHT, (index) =>
    call(context, admin, 'DELETE', `upstreams/bench-u${index}?force=true`),
  );
  await call(context, admin, 'DELETE', 'upstreams/bench-small?force=true');
}

async function listAll(context: Reach, admin: Admin): Promise<void> {
  await Promise.all(LISTS.map(async (list) => JSON.parse((await call(context, admin, 'GET', list)).body)));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

function figuresOf(size: number, runs: readonly Figures[]): Figure[] {
  const many = `${size.toLocaleString('en')} routes`;
  const of = (field: keyof Figures) => runs.map((run) => run[field]);
  const ms = { unit: 'ms', better: 'lower' } as const;
  const node = { name: 'node -e 0', values: of('bareNode') };
  return [
    figureOf({
      ...{ ...ms, name: `first sync of ${many}`, values: of('firstSync'), aim: { ratio: 1.3 } },
      peer: { name: 'bare puts', values: of('barePuts') },
    }),
    figureOf({
      ...{ ...ms, name: `empty sync of ${many}`, values: of('emptySync'), peer: node },
      ...(size === 1_000 ? { aim: { value: 250 } } : {}),
    }),
    figureOf({ ...ms, name: `one change among ${many}`, values: of('oneChange'), peer: node }),
    figureOf({ ...ms, name: `the lists of ${many}`, values: of('bareLists') }),
    figureOf({ name: `memory for ${many}`, unit: 'MB', better: 'lower', values: of('memory') }),
  ];
}

export const benchmark: Benchmark = {
  about: `\`qbtc routes sync\` as CI calls it: the whole command with Node's start, ${ROUTES_EACH} routes for each upstream, in YAML, beside the bare calls to the same Admin API with as many (${IN_FLIGHT}) in flight. Against the embedded gateway, or with QBTC_APISIX_ADMIN and QBTC_APISIX_KEY against a real one.`,
  async measure(extent) {
    const context = reachContext();
    const figures: Figure[] = [];
    for (const size of isGuard(extent) ? GUARDED : SIZES) {
      const runs: Figures[] = [];
      for (let run = 0; run < (extent.rounds ?? RUNS); run += 1) runs.push(await oneRun(context, size));
      figures.push(...figuresOf(size, runs));
    }
    return { figures };
  },
};
