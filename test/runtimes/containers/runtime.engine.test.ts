import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { containerRuntime, openContainers } from '../../../src/runtimes/containers/index.ts';
import { writeEnvFiles } from '../../../src/services/env-files.ts';
import { service } from '../../flow/chain.ts';
import { dockerContext } from '../../support/docker/context.ts';
import { startEngine } from '../../support/docker/engine.ts';
import { buildNodeImage } from '../../support/docker/images.ts';
import { run } from '../../support/docker/run.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';
import { emptyStack } from '../../support/stack.ts';

const engine = await startEngine();
const { context, restore } = dockerContext('unavailable' in engine ? {} : engine.env);
const reason = 'unavailable' in engine ? ` (skipped: ${engine.unavailable})` : '';
const hasCompose = !('unavailable' in engine) && engine.hasCompose;

const IMAGE = 'qbtc-test/node';
const ABOUT_MINUTES = 300_000;
const QUIETLY = { onStarting() {}, onProgress() {} };

/** Two containers of one service, which nothing of a crash starts again. */
const COMPOSE_FILE = `
services:
  pair:
    image: ${IMAGE}
    command: node -e "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1000)"
    scale: 2
`;

const docker = async (...args: string[]) => {
  const env = { ...process.env, ...('unavailable' in engine ? {} : engine.env) };
  const { exitCode, stdout, stderr } = await run('docker', args, { env });
  expect(exitCode, stderr).toBe(0);
  return stdout.trim();
};

/** As on a machine where no compose program is installed. */
const withoutCompose: Context = {
  ...context,
  exec: async (program, args, options) =>
    args.includes('compose') || program === 'docker-compose'
      ? { exitCode: 1, stdout: '', stderr: '', notFound: true, timedOut: false }
      : context.exec(program, args, options),
};

describe.skipIf('unavailable' in engine)(`a service with several containers${reason}`, () => {
  beforeAll(async () => {
    if (!('unavailable' in engine)) expect(await buildNodeImage(engine, IMAGE)).toBeUndefined();
  }, ABOUT_MINUTES);
  afterAll(async () => {
    if (!('unavailable' in engine)) await engine.stop();
    restore();
  }, ABOUT_MINUTES);

  async function opened(own: Context) {
    const root = await temporaryFolder('qbtc-pair-');
    const stack = emptyStack(root, {
      services: [service('pair', 8000)],
      composeFile: join(root, 'compose.yaml'),
    });
    await writeFile(stack.composeFile, COMPOSE_FILE);
    await writeEnvFiles(own, stack);
    const runtime = () => containerRuntime(own, stack);
    onTestFinished(async () => {
      await runtime().remove({ volumes: true, onEnding() {}, onStopped() {} });
    });
    const states = async () => (await runtime().list()).map(({ lives, state }) => (lives ? 'lives' : state));
    const ids = async () =>
      (await docker('ps', '--all', '--quiet', '--filter', 'label=com.docker.compose.service=pair')).split(
        '\n',
      );
    return { root, runtime, states, ids };
  }

  test.skipIf(!hasCompose)('the compose program', { timeout: ABOUT_MINUTES }, () => behaves(context));
  test("the engine's own API", { timeout: ABOUT_MINUTES }, () => behaves(withoutCompose));

  /** It lives when all of them do: what is missing is started, and what is there is left alone. */
  async function behaves(own: Context): Promise<void> {
    const { runtime, states, ids } = await opened(own);
    const start = () => runtime().start([{ service: 'pair' }], QUIETLY);
    expect(await start()).toEqual(['pair']);
    expect(await states()).toEqual(['lives', 'lives']);
    await runtime().keep(['pair']);
    expect(await start()).toEqual([]);

    const [first = '', second = ''] = await ids();
    await docker('kill', first);
    expect((await states()).sort()).toEqual(['lives', 'stopped']);
    const started: string[] = [];
    expect(
      await runtime().start([{ service: 'pair' }], {
        ...QUIETLY,
        onStarting: (name) => void started.push(name),
      }),
    ).toEqual(['pair']);
    expect(started).toEqual(['pair']);
    expect(await states()).toEqual(['lives', 'lives']);
    expect((await ids()).sort()).toEqual([first, second].sort());

    // What is frozen is there, and goes on with all that it holds.
    await runtime().keep(['pair']);
    await docker('pause', second);
    expect(await states()).toEqual(['lives', 'lives']);
    expect(await start()).toEqual(['pair']);
    expect(await docker('inspect', '--format', '{{.State.Status}}', second)).toBe('running');
    await runtime().keep(['pair']);
    expect(await start()).toEqual([]);

    // A container that was made for one command is none of the service's.
    const [project] = (
      await docker('inspect', '--format', '{{index .Config.Labels "com.docker.compose.project"}}', first)
    ).split('\n');
    const labels = [
      `com.docker.compose.project=${project}`,
      'com.docker.compose.service=pair',
      'com.docker.compose.oneoff=True',
    ];
    await docker('run', ...labels.flatMap((label) => ['--label', label]), IMAGE, 'node', '--version');
    expect(await states()).toEqual(['lives', 'lives']);
    expect(await start()).toEqual([]);

    await docker('pause', second);
    expect(await runtime().stop(['pair'])).toEqual(['pair']);
    expect((await states()).filter((state) => state === 'lives')).toEqual([]);
    await runtime().remove({ volumes: true, onEnding() {}, onStopped() {} });
    expect(await ids()).toEqual(['']);
  }

  test('a command in one is left when its time is over', { timeout: ABOUT_MINUTES }, async () => {
    const { runtime, root } = await opened(context);
    await runtime().start([{ service: 'pair' }], QUIETLY);
    const [stdin, stdout, stderr] = [new PassThrough().end(), new PassThrough(), new PassThrough()];
    const containers = openContainers(context, root);
    const run = (script: string, signal?: AbortSignal) =>
      containers.exec('pair', ['node', '-e', script], { stdin, stdout, stderr, tty: false }, signal);
    const late = AbortSignal.timeout(500);
    await expect(run('setTimeout(() => {}, 600_000)', late)).rejects.toThrow();
    expect(late.aborted).toBe(true);
    expect(await run('process.exitCode = 3')).toBe(3);
  });
});
