/** What an inbox needs of a connection to PostgreSQL; that of `pg` has it. */
export interface Transaction {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
}

/** A pool of connections; that of `pg` is one. */
export interface SqlPool {
  connect(): Promise<Transaction & { release(error?: Error | boolean): void }>;
}

/**
 * Remembers the events that a consumer has processed, so that one that is delivered again (a broker that was restarted,
 * an acknowledgement that was lost) has no second effect.
 */
export interface Inbox {
  /**
   * Does the work in a transaction that also notes the event: both happen, or neither. A second delivery at the same
   * time waits for the first.
   *
   * @returns false when the event was processed before: then the work is not done
   */
  once(
    consumer: string,
    eventId: string,
    work: (transaction: Transaction) => Promise<void>,
  ): Promise<boolean>;
  /** Forgets what was processed longer ago; gives how many that were. Events that old must not come again. */
  forget(olderThanMs: number): Promise<number>;
}

/**
 * An inbox in a table `processed_events` (`consumer`, `event_id`, `processed_at`), made by the migrations of the stack.
 *
 * @param schema the schema of the service, as it stands in qbtc.yaml: lower-case letters, digits and _
 */
export function createInbox({ pool, schema }: { pool: SqlPool; schema: string }): Inbox {
  if (!/^[a-z][a-z0-9_]*$/.test(schema)) throw new TypeError(`"${schema}" is no schema`);
  const table = `${schema}.processed_events`;
  return {
    async once(consumer, eventId, work) {
      const client = await pool.connect();
      let failure: Error | undefined;
      try {
        await client.query('begin');
        const { rowCount } = await client.query(
          `insert into ${table} (consumer, event_id) values ($1, $2) on conflict do nothing`,
          [consumer, eventId],
        );
        if (rowCount === 0) {
          await client.query('rollback');
          return false;
        }
        await work(client);
        await client.query('commit');
        return true;
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        // A connection that cannot even roll back is of no use to the next.
        const usable = await client.query('rollback').then(
          () => true,
          () => false,
        );
        if (usable) failure = undefined;
        throw error;
      } finally {
        client.release(failure);
      }
    },

    async forget(olderThanMs) {
      const client = await pool.connect();
      try {
        const { rowCount } = await client.query(
          `delete from ${table} where processed_at < now() - make_interval(secs => $1)`,
          [olderThanMs / 1000],
        );
        return rowCount ?? 0;
      } finally {
        client.release();
      }
    },
  };
}
