/**
 * What `qbtc routes sync` costs, as CI calls it (the whole command, Node's start included), beside the bare calls to the
 * same Admin API with the same number in flight: first sync, one with nothing to do, one change. 1,000, 5,000 and 10,000
 * routes, ten for each upstream, in YAML. Against the embedded gateway in a process of its own, or with
 * QBTC_APISIX_ADMIN and QBTC_APISIX_KEY against a real one. Figures are medians.
 *
 *   npm run bench -- routes
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../src/context.ts';
import { mapConcurrently } from '../src/reconcile/map-concurrently.ts';
import { reachContext } from '../test/support/context.ts';
import { freePorts } from '../test/support/ports.ts';
import { CHECKOUT, median } from './support.ts';

const SIZES = [1_000, 5_000, 10_000];
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

interface Figures {
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
      return { barePuts, firstSync, bareLists, emptySync, oneChange, memory: stack.memory() };
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

const context = reachContext();
const bare = Array.from({ length: 5 }, () => {
  const before = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - before;
});
process.stdout.write(`routes  bare puts  first sync   ratio  lists  empty sync  one change  memory\n`);
for (const size of SIZES) {
  const runs: Figures[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await oneRun(context, size));
  const of = (field: keyof Figures) => median(runs.map((run) => run[field]));
  const ratio = median(runs.map((run) => run.firstSync / run.barePuts));
  const ms = (field: keyof Figures, width: number) => `${of(field).toFixed(0)} ms`.padStart(width);
  process.stdout.write(
    `${String(size).padStart(6)}${ms('barePuts', 11)}${ms('firstSync', 12)}${ratio.toFixed(2).padStart(8)}` +
      `${ms('bareLists', 7)}${ms('emptySync', 12)}${ms('oneChange', 12)}${`${of('memory').toFixed(0)} MB`.padStart(8)}\n`,
  );
}
process.stdout.write(
  `${IN_FLIGHT} in flight, medians of ${RUNS} runs; the whole command each time, of which \`node -e 0\` alone takes ${median(bare).toFixed(0)} ms\n`,
);
