import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { QbtcError } from '../../errors.ts';
import { readTextFile, unreadable } from '../../text-file.ts';

export interface Migration {
  name: string;
  /** Absolute. */
  file: string;
  text: string;
  checksum: string;
}

const FORMS =
  'qbtc applies SQL files that stand in the folder itself, each once and forwards, in the order of their numbers: 0001_schemas.sql, 20240131_orders.sql';

/**
 * The migrations of all folders, in the order in which they are applied: by the number that the name begins with, then by
 * the rest of it.
 *
 * @throws QbtcError `MIGRATIONS_FOREIGN` for a folder of another tool, whose files would be passed over, or mean
 *   something else here; `MIGRATIONS_UNREADABLE`; `MIGRATION_NAME_TAKEN`; `NOT_UTF8`
 */
export async function readMigrations(folders: readonly string[]): Promise<Migration[]> {
  const all = (await Promise.all(folders.map(readFolder))).flat();
  const first = new Map<string, string>();
  for (const { name, file } of all) {
    const other = first.get(name);
    if (other !== undefined) {
      throw new QbtcError('MIGRATION_NAME_TAKEN', `${file} and ${other} have one name`, {
        hint: 'a migration is known by its name: give the newer one another',
      });
    }
    first.set(name, file);
  }
  return all.sort((a, b) => inOrder(a.name, b.name));
}

async function readFolder(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable('MIGRATIONS_UNREADABLE', folder, error, { hint: 'mend "migrations" in qbtc.yaml' });
  });
  const foreign = [...foreignNames(entries), ...(await foreignFolders(folder, entries))];
  const names = entries
    .filter((entry) => !entry.isDirectory() && SQL.test(entry.name))
    .map(({ name }) => name);
  const migrations = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      const text = await readTextFile(file);
      return { name, file, text, checksum: checksumOf(text) };
    }),
  );
  foreign.push(...migrations.flatMap(foreignText));
  if (foreign.length > 0) {
    throw new QbtcError('MIGRATIONS_FOREIGN', `${folder} is not a folder of migrations as qbtc takes them`, {
      details: [
        ...foreign.slice(0, SHOWN),
        ...(foreign.length > SHOWN ? [`and ${foreign.length - SHOWN} more`] : []),
      ],
      hint: `${FORMS}. What another tool applies, it goes on applying: take "migrations" out of qbtc.yaml and run it as that tool wants`,
    });
  }
  return migrations;
}

const SHOWN = 10;
const SQL = /\.sql$/i;

/** Names that another tool gives to what is not to be applied, or not in the order of the alphabet. */
const FOREIGN_NAMES: [RegExp, string][] = [
  [/^(?:[VRBU][\d._]*)__.*\.sql$/i, 'a name of Flyway, which has an order of its own'],
  [/\.(?:down|undo|rollback)\.sql$/i, 'takes a change back: qbtc would apply it like any other'],
  [/\.up\.sql$/i, 'one of a pair, forwards and back'],
  [/^(?:up|down|migration)\.sql$/i, 'the file of one migration, whose name is that of its folder'],
  [/^migration_lock\.toml$/, 'a file of Prisma'],
  [/^sqitch\.(?:conf|plan)$/, 'a file of Sqitch'],
  [/^alembic\.ini$|^script\.py\.mako$/, 'a file of Alembic'],
  [/\.(?:[cm]?[jt]s|py|rb|php|go|exs?|java|kt|cs)$/i, 'a program: qbtc applies SQL'],
  [/\.(?:xml|ya?ml|json)$/i, 'no SQL, as of Liquibase and others'],
  [/\.sql\.\w+$|\.(?:p|pg|my)sql$|\.ddl$|\.dump$/i, 'would be passed over: expected the ending .sql'],
];

function foreignNames(entries: readonly Dirent[]): string[] {
  return entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) => {
      const known = FOREIGN_NAMES.find(([pattern]) => pattern.test(name));
      return known === undefined ? [] : [`${name}: ${known[1]}`];
    });
}

/** Folders with SQL in them: a migration each (Prisma, Diesel, Sqitch), or a level more than is looked at. */
async function foreignFolders(folder: string, entries: readonly Dirent[]): Promise<string[]> {
  const found: string[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const inside = await readdir(join(folder, name), { recursive: true }).catch(() => []);
    const sql = inside.filter((file) => SQL.test(file)).sort();
    if (sql.length > 0)
      found.push(`${name}/: ${sql[0]} stands in a folder of its own, and would be passed over`);
  }
  return found;
}

/** What other tools write into a file that holds both ways: applied whole, it would take back what it has just done. */
const FOREIGN_TEXTS: [RegExp, string][] = [
  [/^--\s*migrate:(?:up|down)\b/m, 'dbmate'],
  [/^--\s*\+goose\s+(?:up|down)\b/im, 'goose'],
  [/^--\s*\+migrate\s+(?:up|down)\b/im, 'sql-migrate'],
  [/^--\s*liquibase formatted sql/im, 'Liquibase'],
  [/^--\s*(?:rambler|\+micrate)\s+(?:up|down)\b/im, 'rambler or micrate'],
  [/^--\s*(?:\/\/|@)undo\b/im, 'MyBatis or dbdeploy'],
];

function foreignText({ name, text }: Migration): string[] {
  return FOREIGN_TEXTS.flatMap(([pattern, tool]) => {
    const at = pattern.exec(text);
    if (at === null) return [];
    const line = text.slice(0, at.index).split('\n').length;
    return [`${name}:${line}: a mark of ${tool}, which holds the way forwards and the way back in one file`];
  });
}

/** `2_b.sql` before `10_a.sql`: the number counts, and names without one come after. */
function inOrder(a: string, b: string): number {
  const [first, second] = [numberOf(a), numberOf(b)];
  if (first !== undefined && second !== undefined && first !== second) return first < second ? -1 : 1;
  if ((first === undefined) !== (second === undefined)) return first === undefined ? 1 : -1;
  return a < b ? -1 : Number(a > b);
}

function numberOf(name: string): bigint | undefined {
  const digits = /^\d+/.exec(name)?.[0];
  return digits === undefined ? undefined : BigInt(digits);
}

/** The same for a checkout with Windows' line ends. */
function checksumOf(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
}
