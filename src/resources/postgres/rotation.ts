import type { Rotate } from '../rotation.ts';
import { scramVerifier } from './roles.ts';

/** `ALTER ROLE` with the verifier: the password itself is in no statement. Open sessions go on. */
export const rotatePostgres: Rotate = async (context, endpoint, password) => {
  const connection = await context.sql(endpoint.url, { timeoutMs: 10_000 });
  try {
    const role = (endpoint.user ?? '').replaceAll('"', '""');
    await connection.query(`ALTER ROLE "${role}" PASSWORD '${await scramVerifier(password)}'`);
  } finally {
    await connection.close();
  }
};
