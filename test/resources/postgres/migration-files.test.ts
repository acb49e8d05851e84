import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readMigrations } from '../../../src/resources/postgres/migration-files.ts';
import { CHECKOUT } from '../../support/qbtc.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}
const namesOf = async (...names: string[]) =>
  (await readMigrations([await folderOf(Object.fromEntries(names.map((name) => [name, 'select 1'])))])).map(
    ({ name }) => name,
  );

describe('migrations', () => {
  test('are applied in the order of their numbers, padded or not', async () => {
    expect(await namesOf('10_c.sql', '2_b.sql', '1_a.sql')).toEqual(['1_a.sql', '2_b.sql', '10_c.sql']);
    expect(await namesOf('20240131120000_b.sql', '0001_a.sql', '20230101_c.sql')).toEqual([
      '0001_a.sql',
      '20230101_c.sql',
      '20240131120000_b.sql',
    ]);
    expect(await namesOf('seed.sql', '0002.SQL', '0001-a.sql', '0001_b.sql')).toEqual([
      '0001-a.sql',
      '0001_b.sql',
      '0002.SQL',
      'seed.sql',
    ]);
  });

  test('of the template are taken', async () => {
    const folders = [
      join(CHECKOUT, 'templates/addons/trading/services/trading-hft/migrations'),
      join(CHECKOUT, 'templates/stack/infrastructure/supabase/migrations'),
    ];
    expect((await readMigrations(folders)).map(({ name }) => name.slice(0, 4))).toEqual([
      '0001',
      '0002',
      '0003',
      '0004',
      '0005',
      '0006',
    ]);
  });

  test('may stand beside what nobody would apply, or not be there yet', async () => {
    expect(
      await namesOf(
        '0001_a.sql',
        'README.md',
        '.gitkeep',
        'LICENSE',
        'notes.txt',
        'atlas.sum',
        'images/a.png',
      ),
    ).toEqual(['0001_a.sql']);
    expect(await namesOf('.gitkeep', 'README.md')).toEqual([]);
  });
});

/** Folders as these tools make them, by their documentation. */
describe('a folder of another tool is refused with what it has and the forms that are taken', () => {
  test.each<[string, Record<string, string>, string]>([
    [
      'Prisma',
      { 'migration_lock.toml': '', '20240101_init/migration.sql': '' },
      '20240101_init/: migration.sql',
    ],
    ['one of its migrations', { 'migration.sql': '' }, 'migration.sql: the file of one migration'],
    [
      'Flyway',
      { 'V1__init.sql': '', 'V2.1__more.sql': '', 'R__view.sql': '' },
      'V2.1__more.sql: a name of Flyway',
    ],
    [
      'golang-migrate',
      { '000001_a.up.sql': '', '000001_a.down.sql': 'drop table a' },
      '000001_a.down.sql: takes a change back',
    ],
    ['Diesel', { '2024-01-01-000000_a/up.sql': '', '2024-01-01-000000_a/down.sql': '' }, '/: down.sql'],
    [
      'dbmate',
      { '2024_a.sql': 'create table a ();\n-- migrate:down\ndrop table a;' },
      '2024_a.sql:2: a mark of dbmate',
    ],
    ['goose', { '1_a.sql': '-- +goose Up\n-- +goose Down\n' }, '1_a.sql:1: a mark of goose'],
    ['sql-migrate', { '1_a.sql': '-- +migrate Up\n' }, 'sql-migrate'],
    ['Liquibase', { 'changelog.xml': '' }, 'changelog.xml: no SQL'],
    ['Liquibase in SQL', { 'a.sql': '--liquibase formatted sql\n' }, 'Liquibase'],
    ['Rails', { '20240101000000_create_users.rb': '' }, 'create_users.rb: a program'],
    ['Knex', { '20240101_users.js': '' }, 'a program'],
    ['TypeORM', { '1700000000000-Init.ts': '' }, 'a program'],
    ['Alembic', { 'env.py': '', 'versions/abc.py': '' }, 'env.py: a program'],
    ['Sqitch', { 'sqitch.plan': '', 'deploy/a.sql': '' }, 'deploy/: a.sql'],
    ['a level too many', { '0001_a.sql': '', 'later/0002_b.sql': '' }, 'later/: 0002_b.sql'],
    [
      'another ending',
      { '0001_a.sql': '', '0002_b.pgsql': '', '0003_c.sql.gz': '' },
      '0002_b.pgsql: would be passed over',
    ],
  ])('%s', async (_, files, says) => {
    await expect(readMigrations([await folderOf(files)])).rejects.toMatchObject({
      code: 'MIGRATIONS_FOREIGN',
      details: expect.arrayContaining([expect.stringContaining(says)]),
      hint: expect.stringContaining('0001_schemas.sql'),
    });
  });

  test('one that cannot be read says so', async () => {
    await expect(readMigrations(['/nowhere/at/all'])).rejects.toMatchObject({
      code: 'MIGRATIONS_UNREADABLE',
    });
    const folder = await folderOf({});
    await writeFile(join(folder, '1.sql'), Buffer.from([0x2d, 0x2d, 0xe9]));
    await expect(readMigrations([folder])).rejects.toMatchObject({ code: 'NOT_UTF8' });
  });
});
