import { expect, test } from 'vitest';
import type { DatabaseRole } from '../../../src/model/stack.ts';
import { ensureRoles } from '../../../src/resources/postgres/roles.ts';
import { service } from '../../flow/chain.ts';
import { runningPostgres } from '../../support/postgres.ts';
import { quietContext } from '../../support/quiet-context.ts';
import { emptyStack } from '../../support/stack.ts';

const context = quietContext();
/** SQLSTATE `insufficient_privilege`. */
const REFUSED = { code: '42501' };

test('a service has all rights on its schema, and none on anything else', async () => {
  const { root, resource } = await runningPostgres();
  const database = (schema: string, password = `pa'ss "of" ${schema}`): DatabaseRole => ({
    resource: 'database',
    schema,
    role: `acme__${schema}`,
    password,
  });
  const stackWith = (...roles: DatabaseRole[]) =>
    emptyStack(root, {
      resources: [resource],
      services: roles.map((role, index) => service(`s${index}`, 8000 + index, { database: role })),
    });
  const as = ({ role, password }: DatabaseRole) => {
    const url = new URL(resource.endpoint.url);
    url.username = role;
    url.password = encodeURIComponent(password);
    return context.sql(url.href, { timeoutMs: 5_000 });
  };
  const [mine, theirs] = [database('mine'), database('theirs')];

  await expect(ensureRoles(context, stackWith(mine), resource)).rejects.toMatchObject({
    code: 'SCHEMA_MISSING',
  });
  const owner = await context.sql(resource.endpoint.url, { timeoutMs: 5_000 });
  await owner.query(
    'CREATE SCHEMA mine; CREATE SCHEMA theirs; CREATE TABLE mine.before (id int); CREATE TABLE theirs.secret (id int)',
  );

  const both = stackWith(mine, theirs);
  expect((await ensureRoles(context, both, resource)).map(({ action, name }) => [action, name])).toEqual([
    ['create', 'acme__mine'],
    ['create', 'acme__theirs'],
  ]);
  expect(await ensureRoles(context, both, resource)).toEqual([]);

  // What a later migration makes, as the owner.
  await owner.query('CREATE TABLE mine.after (id serial)');
  const own = await as(mine);
  await own.query('INSERT INTO before VALUES (1)');
  await own.query('INSERT INTO mine.after DEFAULT VALUES');
  await own.query('CREATE TABLE made_by_itself (id int)');
  await expect(own.query('SELECT * FROM theirs.secret')).rejects.toMatchObject(REFUSED);
  await expect(own.query('CREATE TABLE public.anything (id int)')).rejects.toMatchObject(REFUSED);
  await expect(own.query('CREATE DATABASE another')).rejects.toMatchObject(REFUSED);
  await expect(own.query('CREATE ROLE another')).rejects.toMatchObject(REFUSED);
  await own.close();
  expect(await ensureRoles(context, both, resource)).toEqual([]);

  const renewed = database('mine', 'another password');
  expect(await ensureRoles(context, stackWith(renewed, theirs), resource)).toMatchObject([
    { action: 'update', name: 'acme__mine', reason: 'its password' },
  ]);
  await expect(as(mine)).rejects.toThrow(/password authentication failed/);
  await (await as(renewed)).close();

  // An owner that may not make roles says so, with what to do.
  await owner.query("CREATE ROLE modest LOGIN PASSWORD 'm0dest'; GRANT CREATE ON DATABASE acme TO modest");
  const modest = {
    ...resource,
    endpoint: { ...resource.endpoint, url: resource.endpoint.url.replace('acme:p4ssword', 'modest:m0dest') },
  };
  await owner.query('CREATE SCHEMA third');
  await expect(ensureRoles(context, stackWith(database('third')), modest)).rejects.toMatchObject({
    code: 'ROLE_NOT_ALLOWED',
    hint: expect.stringContaining('CREATEROLE'),
  });
  await owner.close();
});
