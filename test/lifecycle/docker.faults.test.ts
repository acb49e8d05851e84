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
          { service: 'quantum-core', runs: 'container' },
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
});
