import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine } from '../test/support/docker/engine.ts';
import { buildImages } from '../test/support/docker/images.ts';
import { type Benchmark, type Figure, figureOf } from './guard/figure.ts';
import { benchStack } from './support/stack.ts';

const RUNS = 3;
const RESOURCES = ['broker', 'cache', 'database'];

async function measured(
  rounds: number,
  options: Parameters<typeof benchStack>[0],
  up: string[],
  peer?: (root: string) => number,
): Promise<{ ours: number[]; theirs: number[] }> {
  const stack = await benchStack(options);
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    for (let run = 0; run < rounds; run += 1) {
      ours.push(stack.qbtc('up', ...RESOURCES, '--no-apply', '--timeout', '120', ...up));
      stack.qbtc('down', '--volumes');
      if (peer === undefined) continue;
      theirs.push(peer(stack.root));
      stack.qbtc('down', '--volumes');
    }
  } finally {
    stack.remove();
  }
  return { ours, theirs };
}

const SECONDS = { unit: 's', better: 'lower' } as const;

export const benchmark: Benchmark = {
  about:
    'Broker, cache and database from nothing until they are healthy, without migrations and topology: embedded, installed, and in Docker beside `docker compose up --wait` on the same images.',
  async measure({ rounds = RUNS }) {
    const figures: Figure[] = [];
    const { ours } = await measured(rounds, {}, []);
    figures.push(figureOf({ ...SECONDS, name: 'embedded', values: ours }));
    if (existsSync('/usr/lib/rabbitmq/bin/rabbitmq-server')) {
      const installed = await measured(rounds, { undecided: true }, ['--strategy', 'fallback']);
      const name = "installed programs (RabbitMQ's own start is most of it)";
      figures.push(figureOf({ ...SECONDS, name, values: installed.ours }));
    }
    const docker = await inDocker(rounds);
    return 'unavailable' in docker
      ? { figures, notes: [`Docker is not measured: ${docker.unavailable}.`] }
      : { figures: [...figures, docker] };
  },
};

async function inDocker(rounds: number): Promise<Figure | { unavailable: string }> {
  const engine = await startEngine();
  if ('unavailable' in engine) return engine;
  try {
    const template = join('templates', 'stack', 'infrastructure', 'docker-compose.yml');
    const problem = await buildImages(engine, template);
    if (problem !== undefined || !engine.hasCompose) return { unavailable: problem ?? 'no compose v2' };
    const env = engine.env;
    const compose = (root: string) => {
      const before = performance.now();
      const { status, stderr } = spawnSync('docker', ['compose', 'up', '--wait', ...RESOURCES], {
        cwd: join(root, 'infrastructure'),
        env: { ...process.env, ...env },
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(stderr);
      return (performance.now() - before) / 1000;
    };
    const up = ['--strategy', 'full_docker'];
    const { ours, theirs } = await measured(rounds, { undecided: true, env }, up, compose);
    const peer = { name: 'docker compose up --wait', values: theirs };
    return figureOf({ ...SECONDS, name: 'in Docker, by qbtc up', values: ours, peer, aim: { ratio: 1.1 } });
  } finally {
    await engine.stop();
  }
}
