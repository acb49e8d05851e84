import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Context, SqlConnection } from '../../context.ts';
import { messageOf, QbtcError } from '../../errors.ts';
import type { Change } from '../../model/plan.ts';
import type { Resource } from '../../model/resource.ts';
import type { DatabaseRole, Stack } from '../../model/stack.ts';

const TIMEOUT_MS = 15_000;
const SCRAM_ITERATIONS = 4096;
/** SQLSTATE `insufficient_privilege`. */
const NOT_ALLOWED = '42501';
const ROLE_RIGHTS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];

interface RolePlan {
  role: DatabaseRole;
  change: Change;
  statements: string[];
}

/**
 * Gives each service that asks for it a role of its own: it may connect, and has all rights on its schema, on what is in
 * it and what migrations will put there, and on nothing else. A second call changes nothing.
 *
 * @returns what was changed
 * @throws QbtcError `ROLE_NOT_ALLOWED` where the stack's user may not make roles; `SCHEMA_MISSING`
 */
export async function ensureRoles(
  context: Pick<Context, 'sql'>,
  stack: Pick<Stack, 'services' | 'file'>,
  resource: Resource,
): Promise<Change[]> {
  const roles = stack.services.flatMap(({ database }) =>
    database?.resource === resource.name ? [database] : [],
  );
  if (roles.length === 0) return [];
  const connection = await context.sql(resource.endpoint.url, { timeoutMs: TIMEOUT_MS });
  try {
    // A connection takes one question after the other.
    const observed: [DatabaseRole, Observed][] = [];
    for (const role of roles) observed.push([role, await observeRole(connection, resource, role)]);
    // Each is tried by a connection of its own, which takes the server a while.
    const planned = await Promise.all(
      observed.map(([role, seen]) => planRole(context, resource, role, seen)),
    );
    const plans = planned.filter((plan) => plan !== undefined);
    for (const { role, statements } of plans) await apply(connection, role, statements, stack.file);
    return plans.map(({ change }) => change);
  } finally {
    await connection.close();
  }
}

type Observed = Record<string, unknown>;

async function observeRole(
  connection: SqlConnection,
  { endpoint }: Resource,
  { role, schema }: DatabaseRole,
): Promise<Observed> {
  const { rows } = await connection.query(OBSERVE, [role, schema, endpoint.database ?? '']);
  return rows[0] ?? {};
}

async function planRole(
  context: Pick<Context, 'sql'>,
  { endpoint }: Resource,
  wanted: DatabaseRole,
  observed: Observed,
): Promise<RolePlan | undefined> {
  const { role, schema, password } = wanted;
  const database = endpoint.database ?? '';
  if (observed.schema_exists !== true) {
    throw new QbtcError(
      'SCHEMA_MISSING',
      `the role ${role} is to have the schema ${schema}, which is not there`,
      {
        hint: `write a migration that creates it: create schema if not exists ${schema};`,
      },
    );
  }
  const change = (action: Change['action'], reason: string): Change => ({
    action,
    kind: 'role',
    name: role,
    reason,
  });
  const rights = rightsOf(wanted, database);
  if (observed.role_exists !== true) {
    const statements = roleStatements(wanted, database, await scramVerifier(password));
    return { role: wanted, change: change('create', `rights on ${schema} only`), statements };
  }
  const knows = await connects(context, endpoint.url, role, password);
  const renew = knows
    ? []
    : [`ALTER ROLE ${quoted(role)} LOGIN PASSWORD ${literal(await scramVerifier(password))}`];
  if (knows && observed.granted === true) return undefined;
  return {
    role: wanted,
    change: change('update', knows ? `rights on ${schema}` : 'its password'),
    statements: [...renew, ...(observed.granted === true ? [] : rights)],
  };
}

/** What of `rightsOf` can be seen: the role, the schema, and whether each right is there. */
const OBSERVE = `
  select
    exists (select 1 from pg_roles where rolname = $1) as role_exists,
    exists (select 1 from pg_namespace where nspname = $2) as schema_exists,
    case when exists (select 1 from pg_roles where rolname = $1)
      and exists (select 1 from pg_namespace where nspname = $2)
    then has_database_privilege($1, $3, 'CONNECT')
      and has_schema_privilege($1, $2, 'USAGE') and has_schema_privilege($1, $2, 'CREATE')
      and not has_schema_privilege($1, 'public', 'CREATE')
      and not exists (
        select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')
          and not (has_table_privilege($1, c.oid, 'SELECT') and has_table_privilege($1, c.oid, 'INSERT')
            and has_table_privilege($1, c.oid, 'UPDATE') and has_table_privilege($1, c.oid, 'DELETE')))
      and exists (
        select 1 from pg_default_acl d join pg_namespace n on n.oid = d.defaclnamespace
        where n.nspname = $2 and d.defaclobjtype = 'r' and d.defaclacl::text like '%' || $1 || '=%')
    else false end as granted`;

/** What makes a role with its rights, where there is none. */
export function roleStatements(role: DatabaseRole, database: string, verifier: string): string[] {
  const attributes = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE';
  return [
    `CREATE ROLE ${quoted(role.role)} ${attributes} PASSWORD ${literal(verifier)}`,
    ...rightsOf(role, database),
  ];
}

function rightsOf({ role, schema }: DatabaseRole, database: string): string[] {
  const to = quoted(role);
  const within = `IN SCHEMA ${quoted(schema)}`;
  const tables = ROLE_RIGHTS.join(', ');
  return [
    'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    `GRANT CONNECT ON DATABASE ${quoted(database)} TO ${to}`,
    `GRANT USAGE, CREATE ON SCHEMA ${quoted(schema)} TO ${to}`,
    `GRANT ${tables} ON ALL TABLES ${within} TO ${to}`,
    `GRANT ALL ON ALL SEQUENCES ${within} TO ${to}`,
    `GRANT EXECUTE ON ALL FUNCTIONS ${within} TO ${to}`,
    // For what the next migrations make.
    `ALTER DEFAULT PRIVILEGES ${within} GRANT ${tables} ON TABLES TO ${to}`,
    `ALTER DEFAULT PRIVILEGES ${within} GRANT ALL ON SEQUENCES TO ${to}`,
    `ALTER DEFAULT PRIVILEGES ${within} GRANT EXECUTE ON FUNCTIONS TO ${to}`,
    `ALTER ROLE ${to} IN DATABASE ${quoted(database)} SET search_path = ${quoted(schema)}`,
  ];
}

async function apply(
  connection: SqlConnection,
  { role }: DatabaseRole,
  statements: readonly string[],
  file: string,
): Promise<void> {
  try {
    await connection.query('BEGIN');
    for (const statement of statements) await connection.query(statement);
    await connection.query('COMMIT');
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => {});
    if ((error as { code?: unknown }).code !== NOT_ALLOWED) throw error;
    throw new QbtcError('ROLE_NOT_ALLOWED', `the role ${role} cannot be made: ${messageOf(error)}`, {
      hint: `give the stack's user CREATEROLE, or take "database" of the service out of ${file}: it connects as the stack's user then`,
      cause: error,
    });
  }
}

async function connects(
  context: Pick<Context, 'sql'>,
  url: string,
  role: string,
  password: string,
): Promise<boolean> {
  const as = new URL(url);
  as.username = role;
  as.password = encodeURIComponent(password);
  try {
    const connection = await context.sql(as.href, { timeoutMs: TIMEOUT_MS });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

/**
 * What PostgreSQL keeps of a password: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey` (RFC 5802, section 3). Made
 * here, so that the password itself is in no statement, and in no log of statements.
 */
export async function scramVerifier(password: string, salt = randomBytes(16)): Promise<string> {
  const salted = await promisify(pbkdf2)(password.normalize('NFKC'), salt, SCRAM_ITERATIONS, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${SCRAM_ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
