import { messageOf } from '../../errors.ts';
import type { Probe } from '../probe.ts';

/** The SQLSTATE class "invalid authorization specification". */
const REFUSED = /^28/;
/** The SQLSTATE "invalid catalog name": there is no such database. */
const NO_DATABASE = '3D000';

/** Connects to the stack's database and asks for the version. */
export const probePostgres: Probe = async (context, endpoint, timeoutMs) => {
  try {
    const connection = await context.sql(endpoint.url, { timeoutMs });
    try {
      const { rows } = await connection.query('SHOW server_version');
      return { ready: true, found: { protocol: 'PostgreSQL', version: String(rows[0]?.server_version) } };
    } finally {
      await connection.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = messageOf(error);
    if (code === NO_DATABASE) return { ready: false, reason, refused: true, missingDatabase: true };
    return { ready: false, reason, refused: REFUSED.test(code) };
  }
};
