import { createBus, createInbox } from '@stack/runtime/bus';
import { createLog } from '@stack/runtime/logging';
import pg from 'pg';
import { delivered } from './in-flight-event.ts';

/**
 * A consumer as a program of its own, so that it can be killed: each event is one row, in the transaction in which the
 * inbox notes it. An event that says so can never be processed.
 */
const { AMQP_URL = '', DATABASE_URL = '', NAME = '' } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 8 });
pool.on('error', () => {});
const bus = await createBus({
  url: AMQP_URL,
  service: NAME,
  log: createLog({ service: NAME, level: 'silent', destination: { write: () => {} } }),
  maxReconnectDelayMs: 300,
  onOutcome: (_, outcome) => {
    if (outcome === 'duplicate') process.stdout.write('duplicate\n');
  },
});
bus.consume({
  from: { queue: 'q_events' },
  type: delivered,
  prefetch: 64,
  inbox: createInbox({ pool, schema: 'qcs_quantum' }),
  async handle({ event }, transaction) {
    if (event.data.poison) throw new Error('cannot be processed');
    await transaction?.query('insert into effects (event_id) values ($1)', [event.id]);
  },
});
process.stdout.write('started\n');
