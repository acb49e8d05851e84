import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEngine, type TestEngine } from '../support/docker/engine.ts';
import { buildNodeImage, buildPythonImage } from '../support/docker/images.ts';
import { CHECKOUT, qbtc } from '../support/qbtc.ts';

const started = await startEngine();
const engine: TestEngine | undefined = 'unavailable' in started ? undefined : started;
const reason = 'unavailable' in started ? ` (skipped: ${started.unavailable})` : '';
const env = engine?.env ?? {};
let root = '';

const MINUTES = 300_000;
/** Each is built by its own Dockerfile. */
const ADDED = [
  ['python-http', 'http', 'python'],
  ['python-worker', 'worker', 'python'],
  ['node-http', 'http', 'js'],
] as const;

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await qbtc([...args, '--json'], root, env);
  expect(code, stderr + stdout).toBe(0);
  return JSON.parse(stdout);
};

/** The compose file that `qbtc new` writes, without its resources: no image of them is needed here. */
async function composeFile(): Promise<string> {
  const file = join(CHECKOUT, 'templates/stack/infrastructure/docker-compose.yml');
  const text = await readFile(file, 'utf8');
  const [head = ''] = text.split('\n  broker:\n');
  const [, part = ''] = text.split(/(?= {2}# The services, as)/);
  const [own = ''] = part.split('\nvolumes:\n');
  return `${head}\n${own}`;
}

describe.skipIf(engine === undefined)(`services that were added, in Docker${reason}`, () => {
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'qbtc-docked-'));
    await mkdir(join(root, 'infrastructure'));
    await writeFile(join(root, 'infrastructure/docker-compose.yml'), await composeFile());
    await writeFile(join(root, 'qbtc.yaml'), 'version: 1\nname: docked-grown\nstrategy: full_docker\n');
    expect(await buildPythonImage(engine as TestEngine, 'python:3.13-alpine')).toBeUndefined();
    expect(await buildNodeImage(engine as TestEngine, 'node:24-alpine')).toBeUndefined();
  }, MINUTES);
  afterAll(async () => {
    await qbtc(['down', '--volumes'], root, env);
    await rm(root, { recursive: true, force: true });
    await engine?.stop();
  }, MINUTES);

  test(
    'run in containers, and pass their flows',
    async () => {
      for (const [name, kind, language] of ADDED)
        await json('add', 'service', name, '--kind', kind, '--language', language);
      await json('up', '--timeout', '120');
      const { resources } = await json('status');
      for (const [name] of ADDED) {
        const part = resources.find((each: { name: string }) => each.name === name);
        expect(part).toMatchObject({ state: 'active', provider: 'docker' });
        expect((await json('test', '--tag', name)).flows).toMatchObject([{ name, status: 'passed' }]);
      }
    },
    MINUTES,
  );
});
