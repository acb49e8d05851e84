import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@stack/runtime/database';
import { createLog } from '@stack/runtime/logging';
import { NO_TRACING } from '@stack/runtime/tracing';
import { migrate, postgresServer, query, startPostgres } from '@stack/testing/postgres';
import { eventually, skipWithout, type TestServer } from '@stack/testing/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Interaction, openInteractions } from '../../src/answering/interactions.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../../infrastructure/supabase/migrations', import.meta.url));
const ROWS = 1_000;
const AT_ONCE = 32;
/** Connections that are cut, and kills of the whole server. */
const CUTS = 50;
const KILLS = 3;

describe.skipIf(skipWithout([postgresServer]))('rows that are added while the database fails', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await startPostgres();
    await migrate(database.url, MIGRATIONS);
  });
  afterAll(() => database?.stop());

  it('are told apart by event and key where several of one batch are of one event', async () => {
    const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });
    const pool = openDatabase({ url: database.url, service: 'several', log, tracing: NO_TRACING });
    try {
      const { add } = openInteractions(pool);
      const keyed = (eventId: string, status?: number): Interaction => ({
        ...interactionOf(eventId, status),
        idempotencyKey: 'k-1',
      });
      // The first is alone, and holds the key; what may go better next time has none.
      const added = [keyed('one'), keyed('two'), keyed('two', 503), keyed('two', 503), keyed('three')].map(
        (each) => add(each),
      );
      expect(await Promise.all(added)).toEqual([true, false, true, false, false]);
    } finally {
      await pool.close();
      await query(database.url, 'delete from qcs_quantum.interactions', []);
    }
  });

  it('are there if their adding has succeeded, and never twice', async () => {
    const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });
    const pool = openDatabase({ url: database.url, service: 'victim', log, tracing: NO_TRACING });
    const interactions = openInteractions(pool);
    const confirmed: string[] = [];
    let failures = 0;
    let next = 0;
    let working = true;
    const adding = Array.from({ length: AT_ONCE }, async () => {
      while (next < ROWS || working) {
        const eventId = `event-${next++}`;
        // As the bus does it: what failed is looked for, and tried again.
        for (;;) {
          try {
            const found = await interactions.find({ eventId, consumer: '', idempotencyKey: undefined });
            if (found === undefined) await interactions.add(interactionOf(eventId));
            confirmed.push(eventId);
            break;
          } catch {
            failures += 1;
            await sleep(5);
          }
        }
      }
    });
    try {
      for (let cut = 0; cut < CUTS; cut += 1) {
        await sleep(Math.random() * 20);
        await query(
          database.url,
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'`,
          [],
        );
      }
      for (let kill = 0; kill < KILLS; kill += 1) {
        const before = confirmed.length;
        await eventually(
          'rows come in again',
          async () => {
            if (confirmed.length < before + 50) throw new Error(`${confirmed.length - before} rows`);
          },
          { timeoutMs: 60_000, everyMs: 5 },
        );
        await database.kill();
        await database.start();
      }
    } finally {
      working = false;
      await Promise.all(adding);
      await pool.close();
    }
    const rows = await query<{ event_id: string }>(
      database.url,
      'select event_id from qcs_quantum.interactions',
      [],
    );
    expect(rows.map(({ event_id }) => event_id).toSorted()).toEqual(confirmed.toSorted());
    expect(failures).toBeGreaterThan(0);
    expect(confirmed.length).toBeGreaterThanOrEqual(ROWS);
  });
});

function interactionOf(eventId: string, status = 400): Interaction {
  const error = { status, message: 'no', type: 'invalid_request_error', param: null, code: null };
  return {
    eventId,
    consumer: '',
    idempotencyKey: undefined,
    correlationId: 'c-1',
    engine: 'none',
    model: 'none',
    request: { model: 'none', messages: [{ role: 'user', content: eventId }] },
    outcome: { status: 'failed', error },
    latencyMs: 1,
    cost: undefined,
    state: undefined,
  };
}
