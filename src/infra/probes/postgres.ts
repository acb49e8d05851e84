import { messageOf } from '../../errors.ts';
import type { Probe } from '../probe.ts';

/** SQLSTATE classes: 28 is "invalid authorization specification", 3D000 "database does not exist". */
const REFUSED = /^(28|3D000)/;

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
    return { ready: false, reason: messageOf(error), refused: REFUSED.test(code) };
  }
};
