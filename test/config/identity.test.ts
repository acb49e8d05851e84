import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { confidentialValues } from '../../src/config/confidential.ts';
import { externalEndpoint, ownEndpoint } from '../../src/config/endpoints.ts';
import { loadStack, readStackDocument, secretNames } from '../../src/config/load.ts';
import { secretUses } from '../../src/config/secret-uses.ts';
import { QbtcError } from '../../src/errors.ts';
import type { Stack } from '../../src/model/stack.ts';
import { VERSION } from './sample.ts';

/** A stack with these lines below `infrastructure:`; the first one is line 4. */
async function load(lines: string, rest = '', env: Record<string, string> = {}): Promise<Stack> {
  const root = await mkdtemp(join(tmpdir(), 'qbtc-identity-'));
  const file = join(root, 'qbtc.yaml');
  await writeFile(file, `version: 1\nname: my-shop\ninfrastructure:\n${lines}\n${rest}`);
  const names = secretNames(await readStackDocument({ file, cwd: root }));
  const secrets = Object.fromEntries(names.map((name) => [name, `value of ${name}`]));
  return loadStack({ file, env, secrets, qbtcVersion: VERSION, cwd: root });
}

async function mistakesOf(...given: Parameters<typeof load>): Promise<readonly string[]> {
  const error = await load(...given).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof QbtcError ? error.details : [];
}

const worker = (env: string) => `services:\n  w: { command: [node, w.mjs], env: { ${env} } }\n`;

describe('the identity of a resource', () => {
  test('is as it is declared, and the password comes from a secret or a variable', async () => {
    const stack = await load(
      `  db: { kind: postgres, user: app, password: '\${secrets.pw}', database: orders }
  mq: { kind: rabbitmq, user: guest, password: '\${MQ_PW}', vhost: / }
  cache: { kind: redis, password: '\${MQ_PW}-\${secrets.pw}' }`,
      `secrets: [pw]\n${worker("A: '${resources.db.url}', B: '${resources.mq.url}'")}`,
      { MQ_PW: 'a b@c' },
    );
    expect(stack.secretNames).toEqual(['pw']);
    expect(stack.services[0]?.env).toEqual({
      A: 'postgresql://app:value%20of%20pw@127.0.0.1:5432/orders',
      B: 'amqp://guest:a%20b%40c@127.0.0.1:5672/%2F',
    });
    expect(stack.services[0]?.containerEnv).toMatchObject({
      A: 'postgresql://app:value%20of%20pw@db:5432/orders',
    });
    expect(stack.resources[2]?.endpoint.password).toBe('a b@c-value of pw');
    expect(confidentialValues(stack)).toContain('a b@c');
    expect(secretUses(stack)).toEqual([
      { name: 'pw', subject: { kind: 'resource', resource: 'db' }, services: ['w'] },
    ]);
  });

  test('gives each of several databases its own address', async () => {
    const stack = await load(
      '  db: { kind: postgres, databases: [users, orders] }',
      worker("A: '${resources.db.url.orders}', B: '${resources.db.url}'"),
    );
    const address = 'postgresql://my_shop:value%20of%20db-password@127.0.0.1:5432';
    expect(stack.services[0]?.env).toEqual({ A: `${address}/orders`, B: `${address}/users` });
  });

  test.each([
    [
      "  db: { kind: postgres, password: 'hunter2' }",
      'qbtc.yaml:4:35 infrastructure.db.password: found a password in the open, expected a reference, such as ${secrets.NAME} or ${DATABASE_PASSWORD}',
    ],
    [
      '  db: { kind: postgres, password: 1234 }',
      'qbtc.yaml:4:35 infrastructure.db.password: found a password in the open, expected a reference, such as ${secrets.NAME} or ${DATABASE_PASSWORD}',
    ],
    [
      '  db: { kind: postgres, password: "${secrets.no}" }',
      'qbtc.yaml:4:36 infrastructure.db.password: found ${secrets.no}, which "secrets" does not declare, expected one of (there is none)',
    ],
    [
      '  db: { kind: postgres, user: "a\\nb" }',
      'qbtc.yaml:4:31 infrastructure.db.user: found "a\\nb", expected letters, digits, _ and -, at most 63',
    ],
    [
      '  db: { kind: postgres, databases: [] }',
      'qbtc.yaml:4:36 infrastructure.db.databases: found an empty list, expected a name at least',
    ],
    [
      '  mq: { kind: rabbitmq, vhost: "" }',
      'qbtc.yaml:4:32 infrastructure.mq.vhost: found "", expected letters, digits, _, -, . and /',
    ],
    [
      '  db: { kind: postgres, provider: external, url: "postgresql://a:b@c/d", user: x }',
      'qbtc.yaml:4:74 infrastructure.db.user: found user of an external server, expected none: that of url is used',
    ],
  ])('is refused where it is wrong: %s', async (lines, mistake) => {
    expect(await mistakesOf(lines)).toEqual([mistake]);
  });

  test('takes no secret that is the password of another resource', async () => {
    const lines =
      "  a: { kind: postgres, password: '${secrets.pw}' }\n  b: { kind: redis, password: '${secrets.pw}' }";
    expect(await mistakesOf(lines, 'secrets: [pw]\n')).toEqual([
      'qbtc.yaml:5:31 infrastructure.b.password: found "pw", which is the password of a, expected a secret of its own, which is changed alone',
    ]);
  });

  test('is read back from its url, whatever it is', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const place = fc.oneof(
      fc.constant('/'),
      fc.stringMatching(/^[A-Za-z0-9_./-]{1,30}$/).filter((each) => each !== '.' && each !== '..'),
    );
    fc.assert(
      fc.property(fc.constantFrom('postgres', 'rabbitmq'), text, place, text, (kind, user, place, secret) => {
        const identity = { user, vhost: place, database: place };
        const own = ownEndpoint({ kind, stack: 'a', ports: { main: 1 }, secret, identity });
        const { managementUrl, url } = own;
        expect(externalEndpoint({ kind, url, managementUrl })).toMatchObject({
          endpoint: {
            user,
            password: secret,
            ...(kind === 'postgres' ? { database: place } : { vhost: place }),
          },
        });
      }),
    );
  });
});

describe('migrate of a service', () => {
  const migrate = async (text: string) =>
    (await load('  db: { kind: postgres }', `services:\n  w: { command: [node, w.mjs], migrate: ${text} }\n`))
      .services[0]?.migrate;

  test('is one command, or several', async () => {
    expect(await migrate('[npx, prisma, migrate, deploy]')).toEqual([['npx', 'prisma', 'migrate', 'deploy']]);
    expect(await migrate('[[a, b], [c]]')).toEqual([['a', 'b'], ['c']]);
  });

  test.each([
    '[]',
    '[[]]',
    'npx prisma',
    '[a, [b]]',
    '[[a], b]',
    '{}',
    '[null]',
  ])('is refused as %s', async (text) => {
    await expect(migrate(text)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('does not stand beside url', async () => {
    const lines = 'services:\n  w: { url: http://127.0.0.1:1, migrate: [a] }\n';
    expect(await mistakesOf('  db: { kind: postgres }', lines)).toEqual([
      'qbtc.yaml:6:33 services.w.migrate: found migrate beside url, expected one of them: what runs already is not run by qbtc',
    ]);
  });
});
