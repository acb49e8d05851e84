import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPackages } from '../support/docker/run.ts';
import { newUndecidedStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc } from '../support/qbtc.ts';
import { quietContext } from '../support/quiet-context.ts';

const missing =
  (await installPackages(['rabbitmq-server'], '/usr/lib/rabbitmq/bin/rabbitmq-server')) ??
  (await installPackages(['redis-server'], '/usr/bin/redis-server')) ??
  (await installPackages(['postgresql'], '/usr/bin/psql'));
const MINUTES = 180_000;

interface Status {
  resources: { name: string; provider: string; state: string; pid: number | null; restarts: number }[];
}

describe.skipIf(missing !== undefined)(
  `installed programs${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    const context = quietContext();
    let root = '';
    let takeDown = async () => {};
    const status = async () => {
      const { resources } = JSON.parse((await qbtc(['status', '--json'], root)).stdout) as Status;
      return new Map(resources.map((resource) => [resource.name, resource]));
    };
    /** The processes of this machine whose arguments or folder name the stack. */
    const left = async () => {
      const found: string[] = [];
      for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
        const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
        if (
          (command.includes(root) || environment.includes(join(root, '.qbtc'))) &&
          pid !== String(process.pid)
        )
          found.push(command.replaceAll('\0', ' '));
      }
      return found;
    };

    beforeAll(async () => {
      [root, takeDown] = await newUndecidedStack('installed', undefined, []);
    }, MINUTES);
    afterAll(async () => takeDown(), MINUTES);

    test(
      'run as the stack’s own, keep their data, come back when they are killed, and leave nothing',
      async () => {
        const up = await qbtc(
          ['up', '--strategy', 'fallback', '--timing', '--json', '--timeout', '120'],
          root,
        );
        expect(up.code, up.stderr).toBe(0);
        const result = JSON.parse(up.stdout) as {
          choices: { resource: string; provider: string }[];
          timing: { critical: string[] };
        };
        expect(result.choices.map(({ provider }) => provider)).toEqual([
          'native',
          'native',
          'native',
          'embedded',
        ]);
        expect(result.timing.critical.at(-1)).toBe('apply routes');
        const score = await qbtc(['score', '--min', '85'], root);
        expect(score.code, score.stdout).toBe(0);

        const stack = await openStackAt(root);
        const cache = stack.resources.find(({ name }) => name === 'cache');
        const broker = stack.resources.find(({ name }) => name === 'broker');
        if (cache === undefined || broker === undefined) throw new Error('the template has both');
        const redis = await context.redis(cache.endpoint.url, { timeoutMs: 5_000 });
        await redis.command('SET', 'kept', 'yes');
        await redis.close();

        // The beam behind the script, too: its group is killed with it.
        const before = (await status()).get('broker');
        process.kill(-(before?.pid ?? 0), 'SIGKILL');
        const deadline = Date.now() + 60_000;
        for (;;) {
          const now = await status();
          const broker = now.get('broker');
          // The services lost their connections with it: they are ready once they have them again.
          if (broker?.pid !== before?.pid && [...now.values()].every(({ state }) => state === 'active')) {
            expect(broker?.restarts).toBe(1);
            break;
          }
          expect(Date.now(), JSON.stringify([...now.values()])).toBeLessThan(deadline);
          await context.clock.sleep(250);
        }
        const proven = await qbtc(['test'], root);
        expect(proven.code, proven.stdout + proven.stderr).toBe(0);

        for (const name of ['cache', 'database', 'broker']) {
          process.kill((await status()).get(name)?.pid ?? 0, 'SIGSTOP');
          const healed = await qbtc(['heal'], root);
          expect(healed.code, `${name}: ${healed.stdout}${healed.stderr}`).toBe(0);
        }

        const supervisor = JSON.parse((await qbtc(['status', '--json'], root)).stdout).supervisor
          .pid as number;
        process.kill(supervisor, 'SIGKILL');
        const down = await qbtc(['down'], root);
        expect(down.code, down.stderr).toBe(0);
        expect(await left()).toEqual([]);

        const again = await qbtc(['up', '--timeout', '120'], root);
        expect(again.code, again.stderr).toBe(0);
        const reopened = await context.redis(cache.endpoint.url, { timeoutMs: 5_000 });
        expect(await reopened.command('GET', 'kept')).toBe('yes');
        await reopened.close();

        const pids = await status();
        const rotated = await qbtc(
          ['secrets', 'rotate', 'broker-password', 'cache-password', 'api-key'],
          root,
        );
        expect(rotated.code, rotated.stderr).toBe(0);
        const after = await status();
        for (const name of ['broker', 'cache', 'database', 'gateway'])
          expect(after.get(name)?.pid, name).toBe(pids.get(name)?.pid);
        await expect(context.redis(cache.endpoint.url, { timeoutMs: 5_000 })).rejects.toThrow(
          /WRONGPASS|NOAUTH/,
        );
        await expect(context.amqp(broker.endpoint.url, { timeoutMs: 5_000, name: 'test' })).rejects.toThrow();
        const renewed = await qbtc(['test'], root);
        expect(renewed.code, renewed.stdout + renewed.stderr).toBe(0);

        expect((await qbtc(['down', '--volumes'], root)).code).toBe(0);
        expect(await left()).toEqual([]);
      },
      2 * MINUTES,
    );
  },
);
