import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEngine, type TestEngine } from '../support/docker/engine.ts';
import { buildImages } from '../support/docker/images.ts';
import { run } from '../support/docker/run.ts';
import { newUndecidedStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc } from '../support/qbtc.ts';

const started = await startEngine();
const engine: TestEngine | undefined = 'unavailable' in started ? undefined : started;
const reason = 'unavailable' in started ? ` (skipped: ${started.unavailable})` : '';
const env = engine?.env ?? {};
let root = '';
let takeDown = async () => {};

const MINUTES = 300_000;
const IN_DOCKER = ['up', '--strategy', 'full_docker', '--provider', 'gateway=embedded', '--timeout', '120'];

const docker = (...args: string[]) => run('docker', args, { env: { ...process.env, ...env } });
const containersOf = async (label: string) =>
  (await docker('ps', '--all', '--quiet', '--filter', `label=${label}`)).stdout.split('\n').filter(Boolean);

describe.skipIf(engine === undefined)(`a stack in Docker${reason}`, () => {
  beforeAll(async () => {
    [root, takeDown] = await newUndecidedStack('docked');
    const { composeFile } = await openStackAt(root);
    expect(await buildImages(engine as TestEngine, composeFile)).toBeUndefined();
  }, MINUTES);
  afterAll(async () => {
    await qbtc(['down', '--volumes'], root, env);
    await takeDown();
    await engine?.stop();
  }, MINUTES);

  test(
    'a dry run changes nothing in a live engine',
    async () => {
      const changes = () => docker('events', '--since', since, '--until', '0s');
      const since = String(Date.now() / 1000);
      const { code, stdout } = await qbtc([...IN_DOCKER, '--dry-run', '--json'], root, env);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        strategy: 'hybrid',
        resources: [
          { resource: 'broker', provider: 'docker', action: 'start', loss: '' },
          { resource: 'cache', provider: 'docker' },
          { resource: 'database', provider: 'docker' },
          { resource: 'gateway', provider: 'embedded', loss: expect.stringContaining('plugins') },
        ],
        services: [
          { service: 'llm-api', runs: 'container' },
          { service: 'platform-api', runs: 'container' },
          { service: 'quantum-core', runs: 'container' },
          { service: 'trading-hft', runs: 'container' },
          { service: 'exchange-simulator', runs: 'container' },
        ],
      });
      expect(await containersOf('managed-by=qbtc')).toEqual([]);
      expect((await changes()).stdout).toBe('');
    },
    MINUTES,
  );

  test(
    'up, test, score, and a second up that changes nothing',
    async () => {
      const up = await qbtc([...IN_DOCKER, '--json'], root, env);
      expect(up.code, up.stderr).toBe(0);
      expect(JSON.parse(up.stdout)).toMatchObject({
        started: expect.arrayContaining([
          'broker',
          'cache',
          'database',
          'gateway',
          'llm-api',
          'quantum-core',
        ]),
      });
      const flows = await qbtc(['test'], root, env);
      expect(flows.code, flows.stdout + flows.stderr).toBe(0);
      const score = await qbtc(['score', '--min', '85'], root, env);
      expect(score.code, score.stdout + score.stderr).toBe(0);
      const again = await qbtc(['up', '--json'], root, env);
      expect(again.code, again.stderr).toBe(0);
      expect(JSON.parse(again.stdout)).toMatchObject({ started: [], outcomes: [] });
    },
    MINUTES,
  );

  test(
    'heal brings containers back that were frozen, killed, or removed; what chaos holds stays until it is undone',
    async () => {
      const idOf = async (service: string) =>
        (await containersOf(`com.docker.compose.service=${service}`))[0] ?? '';
      const heal = async () => {
        const { code, stdout, stderr } = await qbtc(['heal', '--json'], root, env);
        const { outcomes, left } = JSON.parse(stdout) as {
          outcomes: { status: string; repair: { problem: { subject: string } } }[];
          left: unknown[];
        };
        const helped = outcomes.filter(({ status }) => status === 'helped');
        return { code, left, helped: helped.map(({ repair }) => repair.problem.subject), stderr };
      };
      await docker('pause', await idOf('cache'));
      await docker('rm', '--force', await idOf('llm-api'));
      const first = await heal();
      expect(first, first.stderr).toMatchObject({ code: 0, left: [] });
      expect(first.helped).toEqual(expect.arrayContaining(['cache', 'llm-api']));

      await docker('kill', await idOf('database'));
      const second = await heal();
      expect(second, second.stderr).toMatchObject({ code: 0, left: [] });

      for (const fault of ['broker-pause', 'quantum-core-down']) {
        expect((await qbtc(['chaos', 'inject', fault], root, env)).code, fault).toBe(0);
        expect((await heal()).code, fault).toBe(2);
        expect((await qbtc(['chaos', 'undo'], root, env)).code, fault).toBe(0);
      }
      const slow = await qbtc(['chaos', 'inject', 'cache-slow'], root, env);
      expect([slow.code, slow.stderr]).toEqual([64, expect.stringContaining('runs in Docker')]);
      const last = await heal();
      expect(last, last.stderr).toMatchObject({ code: 0, left: [] });
    },
    2 * MINUTES,
  );

  test(
    'the engine dies: status says so at once, the next up plans anew, and the engine that comes back is tidied',
    async () => {
      await engine?.kill();
      const status = await qbtc(['status', '--json'], root, env);
      const { resources } = JSON.parse(status.stdout) as { resources: { name: string; reason: string }[] };
      expect(resources.find(({ name }) => name === 'cache')?.reason).toMatch(/^Docker: .*(ended|no engine)/);
      const logs = await qbtc(['logs', 'cache'], root, env);
      expect(logs.code).toBe(1);
      expect(logs.stderr).toMatch(/Docker: /);

      const up = await qbtc(['up', '--json', '--timeout', '120'], root, env);
      expect(up.code, up.stderr).toBe(0);
      const { choices, services } = JSON.parse(up.stdout) as {
        choices: { provider: string }[];
        services: { runs: string }[];
      };
      expect(choices.every(({ provider }) => provider !== 'docker')).toBe(true);
      expect(services.every(({ runs }) => runs === 'process')).toBe(true);
      expect((await qbtc(['test'], root, env)).code).toBe(0);

      await engine?.start();
      const down = await qbtc(['down'], root, env);
      expect(down.code, down.stderr).toBe(0);
      expect(await containersOf('managed-by=qbtc')).toEqual([]);
    },
    MINUTES,
  );

  test(
    'an image that cannot be had, a container that ends, a compose file with a mistake: each told, nothing kept from working',
    async () => {
      const only = ['up', '--strategy', 'full_docker', 'cache'];
      const absent = await qbtc(only, root, { ...env, CACHE_IMAGE: 'registry.invalid/none:1' });
      expect(absent.code).toBe(1);
      expect(absent.stderr).toMatch(/an image for cache cannot be pulled/);
      expect(absent.stderr).toMatch(/--provider NAME=embedded|--strategy fallback/);

      const ends = await qbtc(only, root, { ...env, CACHE_IMAGE: 'node:24-alpine' });
      expect(ends.code).toBe(1);
      expect(ends.stderr).toMatch(
        /cache ended before it was ready: (exited with code 127|it ended; it was started again)/,
      );
      expect(ends.stderr).toMatch(/redis-server: not found/);

      const { composeFile } = await openStackAt(root);
      const text = await readFile(composeFile, 'utf8');
      await writeFile(composeFile, text.replace('  cache:\n', '  cache: [\n'));
      const broken = await qbtc(only, root, env);
      expect(broken.code).toBe(1);
      expect(broken.stderr).toMatch(/docker-compose\.yml:\d+:\d+/);
      await writeFile(composeFile, text);

      const up = await qbtc(only, root, env);
      expect(up.code, up.stderr).toBe(0);
      expect((await qbtc(['down', '--volumes'], root, env)).code).toBe(0);
      expect(await containersOf('managed-by=qbtc')).toEqual([]);
    },
    MINUTES,
  );

  test(
    'down leaves the containers and data of another stack with the same name alone',
    async () => {
      const [other, takeOtherDown] = await newUndecidedStack('docked', 18_000);
      const only = ['up', '--strategy', 'full_docker', 'cache'];
      try {
        expect((await qbtc(only, root, env)).code).toBe(0);
        const second = await qbtc(only, other, env);
        expect(second.code, second.stderr).toBe(0);
        expect((await qbtc(['down', '--volumes'], root, env)).code).toBe(0);
        const status = JSON.parse((await qbtc(['status', '--json'], other, env)).stdout) as {
          resources: { name: string; state: string }[];
        };
        expect(status.resources.find(({ name }) => name === 'cache')?.state).toBe('active');
      } finally {
        await qbtc(['down', '--volumes'], other, env);
        await takeOtherDown();
      }
    },
    MINUTES,
  );

  test.skipIf(engine?.hasCompose === false)(
    'a plain `docker compose up` works without qbtc, and qbtc takes what it made for its own',
    async () => {
      const folder = join(root, 'infrastructure');
      const parts = ['broker', 'cache', 'database', 'llm-api', 'quantum-core'];
      const compose = await run('docker', ['compose', 'up', '--wait', '--build', ...parts], {
        cwd: folder,
        env: { ...process.env, ...env },
      });
      expect(compose.exitCode, compose.stderr).toBe(0);
      const up = await qbtc([...IN_DOCKER, '--json'], root, env);
      expect(up.code, up.stderr).toBe(0);
      expect((await qbtc(['test'], root, env)).code).toBe(0);

      const inside = await qbtc(['exec', 'quantum-core', 'node', '-p', 'process.getuid()'], root, env);
      expect(inside).toMatchObject({ code: 0, stdout: expect.stringContaining('10001') });
      const failing = await qbtc(['exec', 'cache', '--', 'sh', '-c', 'exit 7'], root, env);
      expect(failing.code).toBe(7);
      const logs = await qbtc(['logs', 'quantum-core', '--json', '--lines', '1'], root, env);
      expect(JSON.parse(logs.stdout)).toMatchObject({ lines: [{ source: 'quantum-core' }] });
      const restart = await qbtc(['restart', 'cache', '--json'], root, env);
      expect(JSON.parse(restart.stdout)).toMatchObject({ started: ['cache'] });

      const down = await qbtc(['down', '--volumes', '--json'], root, env);
      expect(JSON.parse(down.stdout)).toMatchObject({
        stopped: expect.arrayContaining(['broker', 'cache', 'database', 'llm-api', 'quantum-core']),
      });
      expect(await containersOf('managed-by=qbtc')).toEqual([]);
      const left = await docker('volume', 'ls', '--quiet', '--filter', 'label=managed-by=qbtc');
      expect(left.stdout).toBe('');
    },
    MINUTES,
  );
});
