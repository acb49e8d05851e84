import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Endpoint, ProviderName } from '../../src/model/resource.ts';
import { newUndecidedStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc } from '../support/qbtc.ts';
import { quietContext } from '../support/quiet-context.ts';

const MINUTES = 180_000;
const context = quietContext();

/** Writes something durable with a client of the protocol, and says whether it is there. */
interface Keeping {
  write(endpoint: Endpoint): Promise<void>;
  kept(endpoint: Endpoint): Promise<boolean>;
}

const KEEPING: Record<'broker' | 'cache' | 'database', Keeping> = {
  broker: {
    async write(endpoint) {
      const { status } = await context.http(`${endpoint.managementUrl}/api/queues/${endpoint.vhost}/kept`, {
        method: 'PUT',
        headers: { authorization: basic(endpoint), 'content-type': 'application/json' },
        body: '{"durable":true}',
        timeoutMs: 10_000,
      });
      expect(status).toBeLessThan(300);
      const connection = await context.amqp(endpoint.url, { timeoutMs: 10_000, name: 'conformance' });
      await connection.publish({ exchange: '', routingKey: 'kept' }, Buffer.from('still here'));
      await connection.close();
    },
    async kept(endpoint) {
      const connection = await context.amqp(endpoint.url, { timeoutMs: 10_000, name: 'conformance' });
      const queue = await connection.inspectQueue('kept');
      await connection.close();
      return queue?.messages === 1;
    },
  },
  cache: {
    async write(endpoint) {
      const connection = await context.redis(endpoint.url, { timeoutMs: 10_000 });
      await connection.command('SET', 'kept', 'still here');
      await connection.close();
    },
    async kept(endpoint) {
      const connection = await context.redis(endpoint.url, { timeoutMs: 10_000 });
      const value = await connection.command('GET', 'kept');
      await connection.close();
      return value === 'still here';
    },
  },
  database: {
    async write(endpoint) {
      const connection = await context.sql(endpoint.url, { timeoutMs: 10_000 });
      await connection.query('CREATE TABLE kept AS SELECT 1 AS here');
      await connection.close();
    },
    async kept(endpoint) {
      const connection = await context.sql(endpoint.url, { timeoutMs: 10_000 });
      const { rows } = await connection.query("SELECT to_regclass('public.kept') IS NOT NULL AS kept");
      await connection.close();
      return rows[0]?.kept === true;
    },
  },
};

function basic({ user = '', password = '' }: Endpoint): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

export interface ProviderUnderTest {
  provider: ProviderName;
  /** Why it cannot run here. */
  skip?: string;
  env?: Record<string, string>;
  /** For `external`: makes the stack declare servers that run already. */
  prepare?(root: string): Promise<void>;
}

/**
 * What holds for every provider: it starts, is ready when `up` returns, keeps its data over a restart where it does not
 * say that it is volatile, leaves nothing when it ends, and keeps its hands off what is not its own.
 */
export function providerConformance({ provider, skip, env = {}, prepare }: ProviderUnderTest): void {
  describe.skipIf(skip !== undefined)(
    `provider ${provider}${skip === undefined ? '' : ` (skipped: ${skip})`}`,
    () => {
      const names = Object.keys(KEEPING) as (keyof typeof KEEPING)[];
      const options = names.flatMap((name) => ['--provider', `${name}=${provider}`]);
      let root = '';
      let takeDown = async () => {};
      const run = (...args: string[]) => qbtc(args, root, env);
      const up = (...more: string[]) =>
        run('up', ...names, ...options, '--no-apply', '--timeout', '120', '--json', ...more);
      const endpointOf = async (name: string) => {
        const resource = (await openStackAt(root)).resources.find((declared) => declared.name === name);
        if (resource === undefined) throw new Error(`no resource ${name}`);
        return resource.endpoint;
      };

      beforeAll(async () => {
        [root, takeDown] = await newUndecidedStack('conforming');
        await prepare?.(root);
      }, MINUTES);
      afterAll(async () => {
        await run('down', '--volumes');
        await takeDown();
      }, MINUTES);

      test(
        'starts, is ready, keeps its data, and leaves nothing',
        async () => {
          const plan = await up('--dry-run');
          expect(plan.code, plan.stderr).toBe(0);
          const started = await up();
          expect(started.code, started.stderr).toBe(0);
          const { choices } = JSON.parse(started.stdout) as {
            choices: { resource: string; provider: string; loss: string }[];
          };
          const volatile = new Set(
            choices.filter(({ loss }) => loss.startsWith('volatile')).map(({ resource }) => resource),
          );
          for (const name of names) {
            expect(choices.find(({ resource }) => resource === name)?.provider, name).toBe(provider);
            await KEEPING[name].write(await endpointOf(name));
          }
          const again = await up();
          expect(JSON.parse(again.stdout).started).toEqual([]);

          if (provider !== 'external') {
            const restarted = await run('restart', ...names, '--timeout', '120', '--json');
            expect(restarted.code, restarted.stderr).toBe(0);
            expect((JSON.parse(restarted.stdout).started as string[]).sort()).toEqual(names);
          }
          expect((await run('down')).code).toBe(0);
          const back = await up();
          expect(back.code, back.stderr).toBe(0);
          for (const name of names)
            if (!volatile.has(name))
              expect(await KEEPING[name].kept(await endpointOf(name)), name).toBe(true);

          const endpoints = await Promise.all(names.map(endpointOf));
          expect((await run('down', '--volumes')).code).toBe(0);
          const listening = new Set((await context.host.listeningSockets()).map(({ port }) => port));
          // What was adopted goes on, and its data with it; of ours nothing listens any more.
          expect(endpoints.map(({ port }) => listening.has(port))).toEqual(
            names.map(() => provider === 'external'),
          );
          if (provider === 'external')
            for (const name of names)
              expect(await KEEPING[name].kept(await endpointOf(name)), name).toBe(true);
        },
        2 * MINUTES,
      );
    },
  );
}
