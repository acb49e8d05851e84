import type { Database } from '@stack/runtime/database';
import { reasonOf } from '@stack/runtime/errors';
import type { Log } from '@stack/runtime/logging';

const AGAIN_MS = 1_000;

export interface Leadership {
  /** Why this instance must not trade; `undefined` while it may. */
  readonly missing: string | undefined;
  /** Another instance trades. */
  readonly standsBy: boolean;
  close(): Promise<void>;
}

/**
 * Lets only one instance trade for an account: the one that holds an advisory lock of PostgreSQL. It is gone with the
 * connection, so an instance that died does not stand in the way.
 *
 * @param onHeld called each time the lock is held, before `missing` says so; trading begins when it resolves
 */
export function openLeadership(options: {
  database: Database;
  name: string;
  log: Log;
  onHeld(): Promise<void>;
}): Leadership {
  const { database, name, log, onHeld } = options;
  let missing: string | undefined = 'not known yet whether another instance trades';
  let standsBy = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let release = () => {};

  const attempt = async () => {
    const client = await database.pool.connect();
    let lost = false;
    const lose = (error?: Error) => {
      if (lost) return;
      lost = true;
      client.removeListener('error', lose);
      client.release(true);
      missing = `the lock that only one instance holds is lost${error === undefined ? '' : `: ${error.message}`}`;
      if (closed) return;
      log.error('CANNOT TRADE: the lock in the database is lost; open orders are still looked after', {
        reason: missing,
      });
      again();
    };
    client.on('error', lose);
    try {
      const { rows } = await client.query('select pg_try_advisory_lock(hashtextextended($1, 0)) as held', [
        name,
      ]);
      standsBy = rows[0]?.held !== true;
      if (standsBy) {
        lost = true;
        client.removeListener('error', lose);
        client.release();
        missing = 'another instance trades for this account; this one stands by';
        again();
        return;
      }
      await onHeld();
      if (lost) return;
      // Ended meanwhile: the database closes once nobody holds a connection.
      if (closed) return lose();
      release = () => lose();
      missing = undefined;
      log.info('this instance trades', { account: name });
    } catch (error) {
      lose(error as Error);
    }
  };
  const again = () => {
    if (!closed) timer = setTimeout(begin, AGAIN_MS);
  };
  const begin = () => {
    attempt().catch((error: unknown) => {
      missing = `the database is away: ${reasonOf(error)}`;
      again();
    });
  };
  begin();

  return {
    get missing() {
      return missing;
    },
    get standsBy() {
      return standsBy;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      release();
    },
  };
}
