import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePorts } from '../test/support/ports.ts';
import { type Benchmark, type Figure, figureOf, isGuard } from './guard/figure.ts';
import { memoryOf, processorMs } from './support/processes.ts';
import { CHECKOUT } from './support/stack.ts';

const ANSWERS = 20_000;
const ANSWER = 'x'.repeat(900);
const IN_FLIGHT = 50;
const ROUNDS = 3;
const SETTLE_MS = 10_000;
const IDLE_MS = 10_000;
const WARM_UP = 3_000;
const REDIS = '/usr/bin/redis-server';

export const benchmark: Benchmark = {
  about: `The embedded cache beside a real Redis, by ioredis with ${IN_FLIGHT} in flight: answers of 0.9 KB that expire in an hour.`,
  async measure(extent) {
    const embedded = await startEmbedded();
    const real = existsSync(REDIS) ? await startReal() : undefined;
    try {
      const figures = await roundsOf(embedded, real, extent.rounds ?? ROUNDS);
      if (!isGuard(extent)) figures.push(...(await held(embedded, real)));
      return {
        figures,
        ...(real === undefined ? { notes: ['No Redis is installed here.'] } : {}),
      };
    } finally {
      for (const server of [embedded, real]) await server?.stop();
    }
  },
};

interface Server {
  client: Redis;
  pid: number;
  stop(): Promise<void>;
}

/** The processor time of writing and reading, in turn: rates would be those of the client, and of who else is at work. */
async function roundsOf(embedded: Server, real: Server | undefined, rounds: number): Promise<Figure[]> {
  const servers = real === undefined ? [embedded] : [embedded, real];
  const costs = { set: servers.map((): number[] => []), get: servers.map((): number[] => []) };
  for (const server of servers) await costOf(server, write, WARM_UP);
  for (let round = 0; round < rounds; round += 1)
    for (const [index, server] of servers.entries()) {
      costs.set[index]?.push(await costOf(server, write, ANSWERS));
      costs.get[index]?.push(await costOf(server, read, ANSWERS));
    }
  const peerOf = (values: number[] | undefined) =>
    values === undefined ? {} : { peer: { name: 'Redis', values } };
  return (['set', 'get'] as const).map((command) =>
    figureOf({
      name: `processor time of ${command.toUpperCase()}`,
      unit: 'µs',
      better: 'lower',
      values: costs[command][0] ?? [],
      ...peerOf(costs[command][1]),
    }),
  );
}

/** Microseconds of the server for each. */
async function costOf(server: Server, work: typeof write, count: number): Promise<number> {
  const before = processorMs(server.pid);
  await inFlight(count, (index) => work(server, index));
  return ((processorMs(server.pid) - before) * 1000) / count;
}

/** What it takes to hold them, and to do nothing else. */
async function held(embedded: Server, real: Server | undefined): Promise<Figure[]> {
  const servers = real === undefined ? [embedded] : [embedded, real];
  const before = await Promise.all(
    servers.map(async ({ client, pid }) => {
      await client.flushall();
      return memoryOf([pid]).proportional;
    }),
  );
  for (const server of servers) await costOf(server, write, ANSWERS);
  // V8 collects once more when nothing has happened for some seconds.
  await sleep(SETTLE_MS);
  const used = servers.map(({ pid }) => processorMs(pid));
  await sleep(IDLE_MS);
  const idle = servers.map(({ pid }, index) => processorMs(pid) - (used[index] ?? 0));
  const sizes = servers.map(({ pid }, index) => [before[index] ?? 0, memoryOf([pid]).proportional] as const);
  const [ours, theirs] = sizes;
  const peer = (value: number | undefined) => (value === undefined ? {} : { peer: { name: 'Redis', value } });
  return [
    {
      name: `memory with ${ANSWERS.toLocaleString('en')} answers (PSS)`,
      value: ours?.[1] ?? 0,
      unit: 'MB',
      better: 'lower',
      ...peer(theirs?.[1]),
    },
    {
      name: `processor time of ${IDLE_MS / 1000} idle seconds with them`,
      value: idle[0] ?? 0,
      unit: 'ms',
      better: 'lower',
      ...peer(idle[1]),
      aim: { value: 10 },
    },
  ];
}

const write = ({ client }: Server, index: number): Promise<unknown> =>
  client.set(keyOf(index), ANSWER, 'EX', 3_600);

const read = ({ client }: Server, index: number): Promise<unknown> => client.get(keyOf(index));

const keyOf = (index: number) => `qbtc:answers:${index}`.padEnd(64, '0');

async function inFlight(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      await work(next);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

async function startEmbedded(): Promise<Server> {
  const [port = 0] = await freePorts(1);
  const configuration = {
    host: '127.0.0.1',
    port,
    password: 'bench',
    maxMemoryBytes: 64 * 1024 ** 2,
    eviction: 'volatile-lru',
  };
  const program = join(CHECKOUT, 'dist', 'src', 'embedded', 'redis', 'main.js');
  // As `up` starts it.
  const child = spawn(process.execPath, ['--max-semi-space-size=1', program], {
    stdio: 'ignore',
    env: { ...process.env, QBTC_EMBEDDED: JSON.stringify(configuration) },
  });
  return running(child, port, configuration.password);
}

async function startReal(): Promise<Server> {
  const [port = 0] = await freePorts(1);
  const child = spawn(REDIS, ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
    stdio: 'ignore',
  });
  return running(child, port);
}

async function running(child: ChildProcess, port: number, password?: string): Promise<Server> {
  const client = new Redis({ host: '127.0.0.1', port, ...(password === undefined ? {} : { password }) });
  // It is tried again until the server is there.
  client.on('error', () => undefined);
  await client.ping();
  return {
    client,
    pid: child.pid ?? 0,
    async stop() {
      client.disconnect();
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
