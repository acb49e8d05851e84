import { openDatabase } from '@stack/runtime/database';
import { createLog } from '@stack/runtime/logging';
import { NO_TRACING } from '@stack/runtime/tracing';
import { postgresServer, query, startPostgres } from '@stack/testing/postgres';
import { skipWithout, type TestServer } from '@stack/testing/server';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });

// An `error` event without a listener would end the process; here it fails the run as an unhandled error.
describe.skipIf(skipWithout([postgresServer]))(
  'a connection that the server ends in the hands of who has it',
  () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server?.stop());

    const open = () => openDatabase({ url: server.url, service: 'test', log, tracing: NO_TRACING });
    const backendOf = async (client: pg.PoolClient): Promise<number> =>
      (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0;
    /** As a server that is being stopped does it. */
    const terminate = (backend: number) => query(server.url, 'select pg_terminate_backend($1)', [backend]);
    const ended = (client: pg.PoolClient) => new Promise<void>((resolve) => client.once('end', resolve));

    it('ends nothing else: between two queries', async () => {
      const database = open();
      try {
        const client = await database.pool.connect();
        await client.query('begin');
        const gone = ended(client);
        await terminate(await backendOf(client));
        await gone;
        await expect(client.query('commit')).rejects.toThrow();
        client.release(true);
        expect((await database.query({ name: 'one', text: 'select 1 as one' })).rows).toEqual([{ one: 1 }]);
      } finally {
        await database.close();
      }
    });

    it('ends nothing else: while it waits for an answer', async () => {
      const database = open();
      try {
        const client = await database.pool.connect();
        await client.query('begin');
        const gone = ended(client);
        const backend = await backendOf(client);
        const waits = expect(client.query('select pg_sleep(600)')).rejects.toMatchObject({ code: '57P01' });
        await terminate(backend);
        await waits;
        await gone;
        client.release(true);
        expect((await database.query({ name: 'one', text: 'select 1 as one' })).rows).toEqual([{ one: 1 }]);
      } finally {
        await database.close();
      }
    });
  },
);
