import type { Database } from '@stack/runtime/database';
import type { Log } from '@stack/runtime/logging';
import type { Span } from '@stack/runtime/tracing';

export interface KillState {
  killed: boolean;
  reason: string;
  /** Who set it: `api`, `risk`. */
  by: string;
  /** In milliseconds. */
  at: number;
  /** Whether it stands in the database, and so survives a restart. */
  persisted: boolean;
}

/** Stops all new orders at once. It works without the database, and is written down as soon as that is there. */
export interface KillSwitch {
  readonly state: KillState;
  /**
   * Reads what was set before, here or by another instance; what is set here and not yet written down stands above it.
   *
   * @throws while the database is away
   */
  load(): Promise<void>;
  /** Holds from now on; resolves when that is written down or known to be impossible for now. */
  set(killed: boolean, reason: string, by: string, span?: Span): Promise<KillState>;
  close(): void;
}

const AGAIN_MS = 1_000;

const WRITE = 'update hft_trading.kill_switch set killed = $1, reason = $2, by = $3, at = $4';

export function createKillSwitch(database: Database, log: Log): KillSwitch {
  let state: KillState = {
    killed: true,
    reason: 'not read yet',
    by: 'start',
    at: Date.now(),
    persisted: true,
  };
  let timer: NodeJS.Timeout | undefined;

  const persist = async (span?: Span) => {
    clearTimeout(timer);
    const wanted = state;
    try {
      const values = [wanted.killed, wanted.reason, wanted.by, new Date(wanted.at)];
      await database.query({ name: 'set the kill switch', text: WRITE, values, span });
      if (state === wanted) state = { ...wanted, persisted: true };
    } catch (error) {
      log.error('THE KILL SWITCH COULD NOT BE WRITTEN DOWN: it holds, but not yet over a restart', { error });
      timer = setTimeout(() => void persist(), AGAIN_MS);
    }
  };

  return {
    get state() {
      return state;
    },
    async load() {
      const before = state;
      if (!before.persisted) return;
      const { rows } = await database.query<{ killed: boolean; reason: string; by: string; at: Date }>({
        name: 'read the kill switch',
        text: 'select killed, reason, by, at from hft_trading.kill_switch',
      });
      const [row] = rows;
      if (row === undefined) throw new Error('the table hft_trading.kill_switch is empty');
      // Set here meanwhile: what was read is older.
      if (state === before) state = { ...row, at: row.at.getTime(), persisted: true };
    },
    async set(killed, reason, by, span) {
      state = { killed, reason, by, at: Date.now(), persisted: false };
      if (killed) log.error('KILLED: no new orders', { reason, by });
      else log.warn('trading goes on', { reason, by });
      await persist(span);
      return state;
    },
    close() {
      clearTimeout(timer);
    },
  };
}
