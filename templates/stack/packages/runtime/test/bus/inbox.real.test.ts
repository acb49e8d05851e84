import { createInbox } from '@stack/runtime/bus';
import { migrate, postgresServer, query, startPostgres } from '@stack/testing/postgres';
import { skipWithout, type TestServer } from '@stack/testing/server';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MIGRATIONS = new URL('../../../../infrastructure/supabase/migrations', import.meta.url).pathname;

describe.skipIf(skipWithout([postgresServer]))('the inbox on a real PostgreSQL', () => {
  let server: TestServer;
  let pool: pg.Pool;
  beforeAll(async () => {
    server = await startPostgres();
    await migrate(server.url, MIGRATIONS);
    pool = new pg.Pool({ connectionString: server.url, max: 8 });
    pool.on('error', () => {});
    await query(server.url, 'create table effects (n integer not null)');
  });
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });

  const inbox = () => createInbox({ pool, schema: 'qcs_quantum' });
  const effects = async (n: number) =>
    (await query(server.url, 'select n from effects where n = $1', [n])).length;
  const effect =
    (n: number) => (transaction: { query(text: string, values?: unknown[]): Promise<unknown> }) =>
      transaction.query('insert into effects values ($1)', [n]).then(() => {});

  it('lets an event have its effect once, however often it comes, also at the same time', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, () => inbox().once('q', 'event-1', effect(1))),
    );
    expect(results.filter((isNew) => isNew)).toHaveLength(1);
    expect(await effects(1)).toBe(1);
    // Another consumer is another matter.
    expect(await inbox().once('other', 'event-1', effect(1))).toBe(true);
  });

  it('forgets an event whose work failed, with all that it did', async () => {
    const failing = inbox().once('q', 'event-2', async (transaction) => {
      await effect(2)(transaction);
      throw new Error('not now');
    });
    await expect(failing).rejects.toThrow('not now');
    expect(await effects(2)).toBe(0);
    expect(await inbox().once('q', 'event-2', effect(2))).toBe(true);
    expect(await effects(2)).toBe(1);
  });

  it('forgets what is long ago', async () => {
    await inbox().once('q', 'event-3', effect(3));
    expect(await inbox().forget(3_600_000)).toBe(0);
    expect(await inbox().forget(0)).toBeGreaterThan(0);
    expect(await inbox().once('q', 'event-3', effect(3))).toBe(true);
  });

  it('takes no schema that is none', () => {
    expect(() => createInbox({ pool, schema: 'a; drop table b' })).toThrow('is no schema');
  });
});
