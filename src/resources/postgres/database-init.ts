import { createHmac } from 'node:crypto';
import type { Resource } from '../../model/resource.ts';
import type { Stack } from '../../model/stack.ts';
import { readMigrations } from './migration-files.ts';
import { LEDGER } from './migrations.ts';
import { roleStatements, scramVerifier } from './roles.ts';

/**
 * What a new PostgreSQL of the stack is filled with, as one SQL file: the migrations with their ledger, and the roles of
 * the services. So that a plain `docker compose up` has a database that works; a later `qbtc up` finds nothing to do.
 * Holds no password, only verifiers.
 */
export async function databaseInit(stack: Stack, resource: Resource): Promise<string> {
  const migrations = await readMigrations(resource.migrations ?? []);
  const applied = migrations.map(({ name, text, checksum }) =>
    [
      'BEGIN;',
      `${text.trim()}\n;`,
      `INSERT INTO qbtc.migrations (name, checksum) VALUES (${literal(name)}, '${checksum}');`,
      'COMMIT;',
    ].join('\n'),
  );
  const roles = await Promise.all(
    stack.services.map(async ({ database }) => {
      if (database?.resource !== resource.name) return [];
      // The same each time: a file that changes for nothing would be a change of the container.
      const salt = createHmac('sha256', database.password).update(database.role).digest().subarray(0, 16);
      const statements = roleStatements(
        database,
        resource.endpoint.database ?? '',
        await scramVerifier(database.password, salt),
      );
      return statements.map((statement) => `${statement};`);
    }),
  );
  return [...LEDGER.map((statement) => `${statement};`), ...applied, ...roles.flat(), ''].join('\n');
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
