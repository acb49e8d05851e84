import type { Context } from '../../context.ts';
import type { DatabaseMetrics } from '../../model/metrics.ts';
import type { Resource } from '../../model/resource.ts';

const TIMEOUT_MS = 5_000;
/** https://www.postgresql.org/docs/current/monitoring-stats.html, since the statistics were reset. */
const QUERY = `
  select pg_database_size(datname)::float8 as size, numbackends::float8 as connections,
    xact_commit::float8 as committed, xact_rollback::float8 as rolled_back, deadlocks::float8 as deadlocks
  from pg_stat_database where datname = current_database()`;

export async function databaseMetrics(
  context: Pick<Context, 'sql'>,
  { endpoint }: Resource,
): Promise<DatabaseMetrics> {
  const sql = await context.sql(endpoint.url, { timeoutMs: TIMEOUT_MS });
  try {
    const { rows } = await sql.query(QUERY);
    const { size, connections, committed, rolled_back, deadlocks } = rows[0] ?? {};
    return {
      sizeBytes: Number(size),
      connections: Number(connections),
      committed: Number(committed),
      rolledBack: Number(rolled_back),
      deadlocks: Number(deadlocks),
    };
  } finally {
    await sql.close();
  }
}
