import type { SqlConnect } from '../context.ts';

/** PostgreSQL through `pg`, loaded when first used. One connection, no pool. */
export const connectSql: SqlConnect = async (url, { timeoutMs }) => {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'qbtc',
  });
  // A server that goes away while nothing is asked must not end the command: the next query tells.
  client.on('error', () => {});
  await client.connect();
  return {
    async query(text, values) {
      const result = await client.query(text, values === undefined ? undefined : [...values]);
      // A text of several statements gives an array of results.
      const last = Array.isArray(result) ? result.at(-1) : result;
      return { rows: last?.rows ?? [] };
    },
    async close() {
      await client.end();
    },
  };
};
