import type { Context, SqlConnection } from '../../context.ts';
import { messageOf, QbtcError } from '../../errors.ts';
import type { Change } from '../../model/plan.ts';
import type { Endpoint, Resource } from '../../model/resource.ts';
import { type Migration, readMigrations } from './migration-files.ts';

/** Any number will do, as long as every qbtc takes the same one. */
const LOCK = 7_202_611;
/** A migration may rewrite a large table, or wait for a second qbtc that does. */
const MIGRATION_TIMEOUT_MS = 30 * 60_000;
const TIMEOUT_MS = 60_000;
/** SQLSTATE `duplicate_database`; two at the very same time meet in the index of the catalogue: `unique_violation`. */
const ALREADY_THERE = new Set<unknown>(['42P04', '23505']);

/** Where it is written down what was applied. */
export const LEDGER = [
  'CREATE SCHEMA IF NOT EXISTS qbtc',
  'CREATE TABLE IF NOT EXISTS qbtc.migrations (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
];

/**
 * Applies the migrations that are not there yet, in their order, each in a transaction of its own,
 * under a lock that holds off a second qbtc.
 * Answers with what it applied; a second call answers with nothing. `timeoutMs` is the deadline of each statement.
 */
export async function migrate(
  context: Pick<Context, 'sql'>,
  resource: Resource & { migrations: readonly string[] },
  timeoutMs = MIGRATION_TIMEOUT_MS,
): Promise<Change[]> {
  const migrations = await readMigrations(resource.migrations);
  const connection = await context.sql(resource.endpoint.url, { timeoutMs });
  try {
    await connection.query('SELECT pg_advisory_lock($1)', [LOCK]);
    for (const statement of LEDGER) await connection.query(statement);
    const changes: Change[] = [];
    for (const migration of await outstanding(connection, migrations)) {
      await applyMigration(connection, migration);
      changes.push({ action: 'create', kind: 'migration', name: migration.name });
    }
    return changes;
  } finally {
    await connection.close();
  }
}

/**
 * Creates the database that the endpoint names, where the server has none of that name. Answers whether it did.
 * Throws `DATABASE_NOT_CREATED` with the server's reason.
 */
export async function createDatabase(context: Pick<Context, 'sql'>, endpoint: Endpoint): Promise<boolean> {
  const { database } = endpoint;
  if (database === undefined) return false;
  try {
    return await createMissing(context, endpoint, database);
  } catch (error) {
    // Another qbtc was quicker between our look and our statement.
    if (ALREADY_THERE.has((error as { code?: unknown }).code)) return false;
    throw new QbtcError(
      'DATABASE_NOT_CREATED',
      `the database "${database}" could not be created at ${endpoint.host}:${endpoint.port}: ${messageOf(error)}`,
      {
        hint: `create it there by hand (CREATE DATABASE ${quoted(database)}), or give the stack's user the right to (CREATEDB)`,
        cause: error,
      },
    );
  }
}

/** Creates those of the endpoint's further databases that are not there. Answers with the names of those that it made. */
export async function createDatabases(context: Pick<Context, 'sql'>, endpoint: Endpoint): Promise<string[]> {
  const created: string[] = [];
  for (const database of endpoint.databases ?? [])
    if (await createDatabase(context, { ...endpoint, database })) created.push(database);
  return created;
}

async function createMissing(
  context: Pick<Context, 'sql'>,
  endpoint: Endpoint,
  database: string,
): Promise<boolean> {
  const maintenance = new URL(endpoint.url);
  maintenance.pathname = '/postgres';
  const connection = await context.sql(maintenance.href, { timeoutMs: TIMEOUT_MS });
  try {
    const { rows } = await connection.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (rows.length > 0) return false;
    await connection.query(`CREATE DATABASE ${quoted(database)}`);
    return true;
  } finally {
    await connection.close();
  }
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

async function outstanding(connection: SqlConnection, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await connection.query('SELECT name, checksum FROM qbtc.migrations');
  const applied = new Map(rows.map((row) => [String(row.name), String(row.checksum)]));
  const altered = migrations.filter(
    ({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum,
  );
  if (altered.length > 0) {
    throw new QbtcError(
      'MIGRATION_ALTERED',
      `${altered.map(({ name }) => name).join(', ')} was changed after it had been applied`,
      { hint: 'put the file back as it was, and write a new migration for the change' },
    );
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

async function applyMigration(connection: SqlConnection, migration: Migration): Promise<void> {
  try {
    await connection.query('BEGIN');
    await connection.query(migration.text);
    await connection.query('INSERT INTO qbtc.migrations (name, checksum) VALUES ($1, $2)', [
      migration.name,
      migration.checksum,
    ]);
    await connection.query('COMMIT');
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => {});
    throw new QbtcError('MIGRATION_FAILED', `${migration.name} failed: ${messageOf(error)}`, {
      hint: `mend ${migration.file}, then run: qbtc up`,
      cause: error,
    });
  }
}
