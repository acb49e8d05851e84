/**
 * How much `qbtc routes sync` costs over the bare Admin API calls: 1,000 routes on 100 services, against the embedded
 * gateway in a process of its own, with the same HTTP client and the same number in flight. Figures are medians.
 *
 *   npm run bench -- routes
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Context } from '../src/context.ts';
import { COLLECTIONS } from '../src/gateway/drivers/collections.ts';
import { applyRoutes, desiredGateway, planRoutes } from '../src/gateway/index.ts';
import { GATEWAY_KINDS } from '../src/model/gateway.ts';
import type { Stack } from '../src/model/stack.ts';
import { mapConcurrently } from '../src/reconcile/map-concurrently.ts';
import { stackWith } from '../test/gateway/stacks.ts';
import { reachContext } from '../test/support/context.ts';
import { freePorts } from '../test/support/ports.ts';
import { CHECKOUT, median } from './support.ts';

const SERVICES = 100;
const ROUTES_EACH = 10;
const IN_FLIGHT = 32;
const RUNS = 5;
const KEY = 'admin-key-of-the-bench';
const PROGRAM = join(CHECKOUT, 'dist', 'src', 'embedded', 'gateway', 'main.js');
type Reach = Pick<Context, 'http' | 'clock' | 'interrupted'>;

interface SyncBench {
  /** Milliseconds. */
  barePuts: number;
  firstSync: number;
  bareLists: number;
  emptySync: number;
  oneChange: number;
}

/** On fresh gateways, the bare calls and the sync in turn. */
async function oneRun(): Promise<SyncBench> {
  const context = reachContext();
  const barePuts = await withGateway(context, async (stack, url) => timed(() => putAll(context, stack, url)));
  return withGateway(context, async (stack, url) => {
    const firstSync = await timed(() => sync(context, stack));
    const bareLists = await timed(() => listAll(context, url));
    const emptySync = await timed(() => sync(context, stack));
    const [first, ...rest] = stack.services;
    const changed = { ...stack, services: first ? [{ ...first, port: first.port + 1 }, ...rest] : [] };
    const oneChange = await timed(() => sync(context, changed));
    return { barePuts, firstSync, bareLists, emptySync, oneChange };
  });
}

async function withGateway<T>(
  context: Reach,
  work: (stack: Stack, adminUrl: string) => Promise<T>,
): Promise<T> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const configuration = JSON.stringify({ host: '127.0.0.1', port, adminPort, adminKey: KEY });
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, QBTC_EMBEDDED: configuration },
  });
  const url = `http://127.0.0.1:${adminPort}`;
  try {
    while (!(await isReady(context, url))) {
      if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
      await context.clock.sleep(20);
    }
    return await work(stackOf(url), url);
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  }
}

async function isReady({ http }: Reach, url: string): Promise<boolean> {
  const answer = await http(`${url}/apisix/admin/routes`, {
    headers: { 'x-api-key': KEY },
    timeoutMs: 1_000,
  }).catch(() => undefined);
  return answer?.status === 200;
}

function stackOf(adminUrl: string): Stack {
  return stackWith({
    name: 'bench',
    admin: { url: adminUrl, key: KEY },
    services: Array.from({ length: SERVICES }, (_, service) => ({
      name: `s${service}`,
      port: 20_000 + service,
      routes: Array.from({ length: ROUTES_EACH }, (_, route) => ({
        name: `s${service}-r${route}`,
        uri: `/s${service}/r${route}`,
        methods: ['GET', 'POST'],
        plugins: { 'key-auth': {}, 'limit-count': { count: 100, time_window: 60 } },
      })),
    })),
  });
}

async function sync(context: Reach, stack: Stack): Promise<void> {
  const planned = await planRoutes(context, stack);
  const outcomes = await applyRoutes(context, stack, planned, { concurrency: IN_FLIGHT });
  const failed = outcomes.find((outcome) => outcome.status !== 'done');
  if (failed) throw new Error(`${failed.change.name}: ${failed.reason}`);
}

async function putAll({ http }: Reach, stack: Stack, url: string): Promise<void> {
  const desired = desiredGateway(stack);
  for (const kind of GATEWAY_KINDS) {
    if (kind === 'credential') continue;
    await mapConcurrently([...desired[kind]], IN_FLIGHT, async ([id, object]) => {
      const { status } = await http(`${url}/apisix/admin/${COLLECTIONS[kind]}/${id}`, {
        method: 'PUT',
        headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
        body: JSON.stringify(object),
        timeoutMs: 10_000,
      });
      if (status !== 201) throw new Error(`${kind} ${id}: ${status}`);
    });
  }
}

async function listAll({ http }: Reach, url: string): Promise<void> {
  const headers = { 'x-api-key': KEY };
  await Promise.all(
    Object.values(COLLECTIONS).map(async (collection) => {
      JSON.parse((await http(`${url}/apisix/admin/${collection}`, { headers, timeoutMs: 10_000 })).body);
    }),
  );
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const runs: SyncBench[] = [];
for (let run = 0; run <= RUNS; run += 1) {
  const measured = await oneRun();
  // The first run warms this process up.
  if (run > 0) runs.push(measured);
}
const of = (field: keyof SyncBench) => median(runs.map((each) => each[field]));
process.stdout.write(
  [
    `first sync of ${SERVICES * ROUTES_EACH} routes: ${of('firstSync').toFixed(0)} ms, the bare calls ` +
      `${of('barePuts').toFixed(0)} ms, ratio ${(of('firstSync') / of('barePuts')).toFixed(2)}`,
    `empty sync: ${of('emptySync').toFixed(0)} ms, one change: ${of('oneChange').toFixed(0)} ms, ` +
      `the bare lists ${of('bareLists').toFixed(0)} ms`,
    `(medians of ${RUNS} runs, ${IN_FLIGHT} in flight)`,
    '',
  ].join('\n'),
);
