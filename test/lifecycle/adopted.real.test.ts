import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPackages } from '../support/docker/run.ts';
import { editStack, newUndecidedStack } from '../support/new-stack.ts';
import { freePorts } from '../support/ports.ts';
import { qbtc } from '../support/qbtc.ts';
import { quietContext } from '../support/quiet-context.ts';
import { startRabbitMq } from '../support/rabbitmq.ts';

const REDIS = '/usr/bin/redis-server';
const redisMissing = await installPackages(['redis-server'], REDIS);
const rabbit = await startRabbitMq();
const reason = redisMissing ?? ('unavailable' in rabbit ? rabbit.unavailable : undefined);
const MINUTE = 60_000;

describe.skipIf(reason !== undefined)(
  `a stack whose broker and cache run already${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    const context = quietContext();
    let root = '';
    let takeDown = async () => {};
    let redisUrl = '';
    let stopRedis = async () => {};

    beforeAll(async () => {
      if ('unavailable' in rabbit) return;
      const [port = 0] = await freePorts(1);
      const server = spawn(REDIS, ['-'], { stdio: ['pipe', 'ignore', 'ignore'] });
      server.stdin.end(`port ${port}\nbind 127.0.0.1\nrequirepass its-own\nsave ""\n`);
      stopRedis = async () => {
        server.kill('SIGTERM');
        await once(server, 'exit');
      };
      redisUrl = `redis://:its-own@127.0.0.1:${port}/0`;
      [root, takeDown] = await newUndecidedStack('adopting', undefined, []);
      await editStack(root, (file) => {
        file.setIn(['infrastructure', 'broker'], {
          kind: 'rabbitmq',
          provider: 'external',
          url: rabbit.amqpUrl,
          management_url: rabbit.managementUrl,
        });
        file.setIn(['infrastructure', 'cache'], { kind: 'redis', provider: 'external', url: redisUrl });
        file.setIn(['infrastructure', 'database', 'provider'], 'embedded');
      });
    }, MINUTE);
    afterAll(async () => {
      await takeDown();
      await stopRedis();
      if (!('unavailable' in rabbit)) await rabbit.stop();
    }, MINUTE);

    test(
      'adopts them, proves itself, and leaves them running',
      async () => {
        const up = await qbtc(['up', '--strategy', 'hybrid', '--json'], root);
        expect(up.code, up.stderr).toBe(0);
        expect(JSON.parse(up.stdout)).toMatchObject({
          strategy: 'hybrid',
          choices: [
            {
              resource: 'broker',
              provider: 'external',
              loss: expect.stringContaining('neither starts nor stops'),
            },
            { resource: 'cache', provider: 'external' },
            { resource: 'database', provider: 'embedded' },
            { resource: 'gateway', provider: 'embedded' },
          ],
        });
        const flows = await qbtc(['test', '--tag', 'smoke'], root);
        expect(flows.code, flows.stdout).toBe(0);
        const refused = await qbtc(['stop', 'broker'], root);
        expect(refused).toMatchObject({ code: 64, stderr: expect.stringContaining('was adopted') });
        expect((await qbtc(['secrets', 'rotate', 'broker-password'], root)).code).toBe(64);

        const down = await qbtc(['down', '--volumes', '--json'], root);
        expect(JSON.parse(down.stdout).stopped).not.toEqual(expect.arrayContaining(['broker']));
        if ('unavailable' in rabbit) return;
        await (await context.amqp(rabbit.amqpUrl, { timeoutMs: 5_000, name: 'test' })).close();
        await (await context.redis(redisUrl, { timeoutMs: 5_000 })).close();
      },
      2 * MINUTE,
    );

    test(
      'a wrong password for one of them is told before anything is started',
      async () => {
        await editStack(root, (file) => {
          file.setIn(['infrastructure', 'cache', 'url'], redisUrl.replace('its-own', 'another'));
        });
        const up = await qbtc(['up'], root);
        expect(up.code).toBe(1);
        expect(up.stderr).toMatch(/cache: it is to be adopted, but cannot be/);
        expect(up.stderr).toMatch(/refuses the credentials/);
        expect(up.stderr).not.toContain('another');
        expect((await qbtc(['status'], root)).stdout).not.toMatch(/✔ active\s+database/);
      },
      MINUTE,
    );
  },
);
