import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDocument } from 'yaml';
import { discover } from '../src/discovery/discover.ts';
import { createDocker } from '../src/system/docker.ts';
import { createContext } from '../src/system/index.ts';
import { startEngine } from '../test/support/docker/engine.ts';
import { buildNodeImage } from '../test/support/docker/images.ts';
import { installPackages, run } from '../test/support/docker/run.ts';
import { emptyStack } from '../test/support/stack.ts';
import { type Benchmark, type Figure, figureOf, isGuard, median, quantile } from './guard/figure.ts';
import { processorTime } from './support/processes.ts';
import { benchStack, CHECKOUT } from './support/stack.ts';

const RUNS = 5;
const CONTAINERS = 500;
const STARTS = 20;
const IDLE_S = 30;
const ALL = { first: 1, last: 65_535 };
const PROGRAM = join(CHECKOUT, 'bin', 'qbtc.js');
const IMAGE = 'qbtc-bench/node:1';

const MS = { unit: 'ms', better: 'lower' } as const;
const signal = new AbortController().signal;
const context = createContext(process, { root: CHECKOUT, version: '0.1.0' }, signal);

interface Part {
  figures: Figure[];
  /** What was left out. */
  note?: string;
}

async function timed(work: () => unknown): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

async function ports(rounds: number): Promise<Part> {
  const missing = await installPackages(['nmap'], '/usr/bin/nmap');
  if (missing !== undefined) return { figures: [], note: `The ports of loopback are left out: ${missing}.` };
  const nmap = (...more: string[]) =>
    spawnSync('nmap', ['-p-', '-T5', '-n', '-Pn', ...more, '127.0.0.1'], { stdio: 'ignore' });
  const times = {
    table: [] as number[],
    nmap: [] as number[],
    scan: [] as number[],
    connect: [] as number[],
  };
  for (let round = 0; round < rounds; round += 1) {
    times.table.push(await timed(() => context.host.listeningSockets()));
    times.nmap.push(await timed(() => nmap()));
    times.scan.push(await timed(() => context.tcp.scan('127.0.0.1', ALL, { timeoutMs: 1000, signal })));
    times.connect.push(await timed(() => nmap('-sT')));
  }
  return {
    figures: [
      figureOf({
        ...{ ...MS, name: "all 65,535 ports of loopback, from the kernel's table, with their owners" },
        ...{ values: times.table, peer: { name: 'nmap', values: times.nmap }, aim: { ratio: 0.1 } },
      }),
      figureOf({
        ...{ ...MS, name: 'all 65,535 ports of loopback, by connecting to each' },
        ...{ values: times.scan, peer: { name: 'nmap -sT', values: times.connect }, aim: { ratio: 1.2 } },
      }),
    ],
  };
}

async function containers(rounds: number): Promise<Figure[]> {
  let calls = 0;
  const servers = await Promise.all(
    Array.from({ length: CONTAINERS }, async () => {
      const server = createServer((_, response) => response.end('{"status":"healthy"}'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const list = JSON.stringify(
    servers.map((server, index) => ({
      Id: index.toString(16).padStart(64, '0'),
      Names: [`/web-${index}`],
      Image: `web-${index}:1`,
      Created: index,
      State: 'running',
      Status: 'Up 2 minutes',
      Labels: { 'qbtc.service': 'true' },
      Ports: [
        {
          IP: '127.0.0.1',
          PrivatePort: 3000,
          PublicPort: (server.address() as AddressInfo).port,
          Type: 'tcp',
        },
      ],
      NetworkSettings: { Networks: {} },
    })),
  );
  const engine = createServer((request, response) => {
    calls += 1;
    response.end(String(request.url).includes('/containers/json') ? list : 'OK');
  });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  const address = `tcp://127.0.0.1:${(engine.address() as AddressInfo).port}`;
  const docker = createDocker({ DOCKER_HOST: address }, process.platform);
  const times: number[] = [];
  let found = 0;
  for (let round = 0; round < rounds; round += 1) {
    calls = 0;
    times.push(
      await timed(async () => {
        const { services } = await discover({ ...context, docker }, emptyStack(CHECKOUT), {
          sources: ['docker', 'ports'],
        });
        found = services.filter(
          ({ origin, condition }) => origin === 'labelled' && condition === 'healthy',
        ).length;
      }),
    );
  }
  if (found !== CONTAINERS) throw new Error(`${found} of ${CONTAINERS} containers were found healthy`);
  engine.close();
  for (const server of servers) server.close();
  const name = `one pass over ${CONTAINERS} containers with ${calls} calls to the engine, each asked for its health`;
  return [figureOf({ ...MS, name, values: times, aim: { value: 1000 } })];
}

async function watching(): Promise<Part> {
  const stack = await benchStack();
  const engine = await startEngine();
  const env = { ...process.env, ...('unavailable' in engine ? {} : engine.env) };
  const file = join(stack.root, 'qbtc.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  document.setIn(['discovery', 'plugins'], {});
  writeFileSync(file, document.toString({ lineWidth: 0 }));
  stack.qbtc('up');
  const gateway = (await stack.open()).resources.find(({ kind }) => kind === 'apisix')?.endpoint.url;
  const child = spawn(process.execPath, [PROGRAM, 'discover', '--watch', '--register', '--json'], {
    cwd: stack.root,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await sleep(5_000);
    const before = processorTime([child.pid ?? 0]);
    await sleep(IDLE_S * 1000);
    const used = processorTime([child.pid ?? 0]) - before;
    const idle: Figure = {
      ...MS,
      name: `processor time of a watch in ${IDLE_S} idle seconds`,
      value: used * 1000,
    };
    if ('unavailable' in engine)
      return { figures: [idle], note: `From start to route is left out: ${engine.unavailable}.` };
    return { figures: [idle, ...(await fromStartToRoute(engine, String(gateway)))] };
  } finally {
    child.kill('SIGINT');
    await new Promise((resolve) => child.once('exit', resolve));
    stack.remove();
    if (!('unavailable' in engine)) await engine.stop();
  }
}

async function fromStartToRoute(
  engine: Exclude<Awaited<ReturnType<typeof startEngine>>, { unavailable: string }>,
  gateway: string,
): Promise<Figure[]> {
  const problem = await buildNodeImage(engine, IMAGE);
  if (problem !== undefined) throw new Error(problem);
  const docker = async (...args: string[]) =>
    (await run('docker', args, { env: { ...process.env, ...engine.env } })).stdout.trim();
  const server = `require('node:http').createServer((_, response) => response.end('{"service":"' + process.env.NAME + '"}')).listen(3000)`;
  const delays: number[] = [];
  for (let index = 0; index < STARTS; index += 1) {
    const name = `bench-${index}`;
    const labels = ['--label', 'qbtc.service=true', '--label', 'qbtc.port=3000'];
    await docker(
      'run',
      '--detach',
      '--name',
      name,
      '--env',
      `NAME=${name}`,
      ...labels,
      IMAGE,
      'node',
      '-e',
      server,
    );
    const ip = await docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', name);
    const answers = async (url: string) =>
      (await fetch(url, { signal: AbortSignal.timeout(500) })).status === 200;
    const until = async (url: string) => {
      while (!(await answers(url).catch(() => false))) await sleep(5);
      return performance.now();
    };
    const healthy = await until(`http://${ip}:3000/health`);
    const routed = await until(`${gateway}/api/${name}/x`);
    delays.push(routed - healthy);
    await docker('rm', '--force', name);
  }
  const name = `from a container that is healthy to its answer through the gateway, ${STARTS} starts`;
  return [
    { ...MS, name: `${name}: p50`, value: median(delays), aim: { value: 1500 } },
    { ...MS, name: `${name}: p90`, value: quantile(delays, 0.9) },
  ];
}

export const benchmark: Benchmark = {
  about:
    'Finding services: all ports of loopback beside nmap, containers at a simulated Docker API, from the start of a real container to its answer through the gateway, and a watch when nothing happens.',
  async measure(extent) {
    const { rounds = RUNS } = extent;
    const parts: Part[] = [await ports(rounds)];
    if (!isGuard(extent)) parts.push({ figures: await containers(rounds) }, await watching());
    return {
      figures: parts.flatMap(({ figures }) => figures),
      notes: parts.flatMap(({ note }) => (note === undefined ? [] : [note])),
    };
  },
};
