import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine } from '../test/support/docker/engine.ts';
import { buildImages } from '../test/support/docker/images.ts';
import { benchStack, median } from './support.ts';

// Resources until they are healthy: embedded, installed, and in Docker beside `docker compose up --wait` on the same images.
const RUNS = 3;
const RESOURCES = ['broker', 'cache', 'database'];

const print = (text: string) => process.stdout.write(`${text}\n`);

async function measured(
  options: Parameters<typeof benchStack>[0],
  up: string[],
  peer?: (root: string) => number,
) {
  const stack = await benchStack(options);
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    for (let run = 0; run < RUNS; run += 1) {
      ours.push(stack.qbtc('up', ...RESOURCES, '--no-apply', '--timeout', '120', ...up));
      stack.qbtc('down', '--volumes');
      if (peer === undefined) continue;
      theirs.push(peer(stack.root));
      stack.qbtc('down', '--volumes');
    }
  } finally {
    stack.remove();
  }
  return { ours: median(ours), theirs: median(theirs) };
}

print(`broker, cache and database from nothing until healthy (medians of ${RUNS} runs)`);
print(`embedded: ${(await measured({}, [])).ours.toFixed(2)} s`);
if (existsSync('/usr/lib/rabbitmq/bin/rabbitmq-server')) {
  const { ours } = await measured({ undecided: true }, ['--strategy', 'fallback']);
  print(`installed (RabbitMQ's own start is most of it): ${ours.toFixed(2)} s`);
}

const engine = await startEngine();
if ('unavailable' in engine) {
  print(`docker: not measured: ${engine.unavailable}`);
} else {
  try {
    const template = join('templates', 'stack', 'infrastructure', 'docker-compose.yml');
    const problem = await buildImages(engine, template);
    if (problem !== undefined || !engine.hasCompose) {
      print(`docker: not measured: ${problem ?? 'no compose v2'}`);
    } else {
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
      const { ours, theirs } = await measured(
        { undecided: true, env },
        ['--strategy', 'full_docker'],
        compose,
      );
      print(`docker: ${ours.toFixed(2)} s; docker compose up --wait: ${theirs.toFixed(2)} s`);
      print(`ratio: ${(ours / theirs).toFixed(2)} (the aim is at most 1.1)`);
    }
  } finally {
    await engine.stop();
  }
}
