import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { npmInstall } from '../support/foreign-stack.ts';
import { freePorts } from '../support/ports.ts';
import { qbtc } from '../support/qbtc.ts';

const folder = await mkdtemp(join(tmpdir(), 'qbtc identity '));
const [database = 0, broker = 0, management = 0] = await freePorts(3);
const url = (name: string) => `postgresql://shop-user:s3cret%20w%C3%B6rd@127.0.0.1:${database}/${name}`;

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

/** What a service says about the table that its migration makes. */
const SERVICE = `
import pg from 'pg';
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
const { rows } = await client.query('select count(*)::int as orders from orders');
console.log('orders at the start: ' + rows[0].orders);
setInterval(() => {}, 1e6);
`;
const SEED = `
import pg from 'pg';
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.query('create table if not exists seeded (by text)');
await client.query('insert into seeded values ($1)', [process.env.DATABASE_USER + ' ' + process.env.DATABASE_NAME]);
await client.end();
`;
const MIGRATION = `exports.up = (pgm) => { pgm.createTable('orders', { id: 'id' }); };
exports.down = false;
`;
const stackFile = (migrate: string) => `version: 1
name: shop
infrastructure:
  db:
    kind: postgres
    provider: embedded
    port: ${database}
    user: shop-user
    password: \${DB_PASSWORD}
    databases: [shop-orders, users]
    migrate: [node, orders/seed.mjs]
  mq:
    kind: rabbitmq
    provider: embedded
    port: ${broker}
    management_port: ${management}
    user: guest
    password: \${DB_PASSWORD}
    vhost: /
services:
  orders:
    path: orders
    command: [node, main.mjs]
    migrate: ${migrate}
    env:
      DATABASE_URL: \${resources.db.url.shop-orders}
    health: { log: orders at the start }
    depends_on: [db, mq]
  after:
    path: orders
    command: [node, -e, 'console.log("after"); setInterval(() => {}, 1e6)']
    depends_on: [orders]
`;
await write({
  '.env': "DB_PASSWORD='s3cret wörd'\n",
  'orders/package.json': JSON.stringify({
    name: 'orders',
    private: true,
    dependencies: { pg: '^8.13.0', 'node-pg-migrate': '^7.9.0' },
  }),
  'orders/main.mjs': SERVICE,
  'orders/seed.mjs': SEED,
  'orders/migrations/1700000000000_orders.cjs': MIGRATION,
});
const missing = await npmInstall(join(folder, 'orders'));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function ask(name: string, query: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url(name) });
  await client.connect();
  try {
    return (await client.query(query)).rows;
  } finally {
    await client.end();
  }
}

const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;
describe.skipIf(missing !== undefined)(
  `a stack with names of its own and another's migrations${skipped}`,
  () => {
    afterAll(async () => {
      await qbtc(['down', '--volumes'], folder);
    });

    test('has its databases, and its service finds the table that its migration makes', async () => {
      await write({ 'qbtc.yaml': stackFile('[npx, node-pg-migrate, up]') });
      const { code, stderr } = await qbtc(['up'], folder);
      expect(stderr).toContain('created the database users');
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(await ask('shop-orders', 'select name from pgmigrations')).toEqual([
        { name: '1700000000000_orders' },
      ]);
      expect(await ask('shop-orders', 'select by from seeded')).toEqual([{ by: 'shop-user shop-orders' }]);
      expect(await ask('users', 'select current_user as who')).toEqual([{ who: 'shop-user' }]);
      const { stdout } = await qbtc(['status', '--json'], folder);
      expect(stdout).not.toContain('s3cret');
      const { resources } = JSON.parse(stdout) as { resources: { name: string; state: string }[] };
      expect(resources.map(({ name, state }) => `${name} ${state}`)).toEqual([
        'db active',
        'mq active',
        'orders active',
        'after active',
      ]);
    });

    test('finds it done at the next up, and nothing is started anew', async () => {
      const { code, stdout, stderr } = await qbtc(['up', '--json'], folder);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(JSON.parse(stdout)).toMatchObject({ started: [] });
      expect(stderr).toContain('migrate orders');
    });

    test('starts nothing that depends on a migration that fails, and shows its last lines', async () => {
      await qbtc(['stop', 'orders', 'after'], folder);
      const failing = `[[npx, node-pg-migrate, up], [node, -e, 'console.log("p=" + process.env.DATABASE_URL); console.error("no such\\ncolumn"); process.exit(3)']]`;
      await write({ 'qbtc.yaml': stackFile(failing) });
      const { code, stderr } = await qbtc(['up'], folder);
      expect(code).toBe(1);
      expect(stderr).toContain('it ended with exit code 3');
      expect(stderr).toMatch(/no such\n.*column/);
      expect(stderr).not.toContain('s3cret');
      const { stdout } = await qbtc(['status', '--json'], folder);
      const { resources } = JSON.parse(stdout) as { resources: { name: string; state: string }[] };
      expect(resources.filter(({ state }) => state === 'active').map(({ name }) => name)).toEqual([
        'db',
        'mq',
      ]);
    });

    test('names a program that is not there', async () => {
      await write({ 'qbtc.yaml': stackFile('[no-such-migrator]') });
      const { code, stderr } = await qbtc(['up'], folder);
      expect(code).toBe(1);
      expect(stderr).toContain('migrate orders: no-such-migrator: no-such-migrator was not found');
    });
  },
);
