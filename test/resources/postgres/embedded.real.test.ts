import { chmod, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createDatabase, migrate, removeVolumes } from '../../../src/resources/index.ts';
import { embeddedPostgres } from '../../../src/resources/postgres/embedded.ts';
import { probePostgres } from '../../../src/resources/postgres/probe.ts';
import { Supervisor } from '../../../src/runtimes/processes/supervisor.ts';
import { createFolders } from '../../../src/state/index.ts';
import { freePorts } from '../../support/ports.ts';
import { quietContext, temporaryFolder } from '../../support/quiet-context.ts';
import { emptyStack, postgresResource } from '../../support/stack.ts';

test('PostgreSQL runs in a stack under a folder that nobody else can enter, keeps its data, and leaves nothing', async () => {
  const context = quietContext();
  const root = await temporaryFolder();
  await chmod(root, 0o700);
  const [port = 0] = await freePorts(1);
  const resource = postgresResource(port);
  const stack = emptyStack(root, { resources: [resource] });
  await createFolders(root);
  const supervisor = new Supervisor({ host: context.host, clock: context.clock, onChange: () => {} });

  const start = async () => {
    await supervisor.ensure(await embeddedPostgres.prepare(context, stack, resource));
    for (;;) {
      const result = await probePostgres(context, resource.endpoint, 1_000);
      if (result.ready || result.missingDatabase) return result;
      const [status] = supervisor.list();
      if (status?.state !== 'running') throw new Error(`ended: ${status?.reason}`);
      await context.clock.sleep(20);
    }
  };

  expect(await start()).toMatchObject({ missingDatabase: true });
  expect(await createDatabase(context, resource.endpoint)).toBe(true);
  expect(await createDatabase(context, resource.endpoint)).toBe(false);
  const connection = await context.sql(resource.endpoint.url, { timeoutMs: 5_000 });
  await connection.query('CREATE TABLE kept (id int)');
  await connection.query('INSERT INTO kept VALUES (1)');
  await connection.close();
  const wrong = await probePostgres(
    context,
    { ...resource.endpoint, url: resource.endpoint.url.replace('p4ssword', 'wrong') },
    1_000,
  );
  expect(wrong).toMatchObject({ ready: false, refused: true });

  await supervisor.stop('database');
  expect(await start()).toMatchObject({ ready: true });
  const again = await context.sql(resource.endpoint.url, { timeoutMs: 5_000 });
  expect((await again.query('SELECT id FROM kept')).rows).toEqual([{ id: 1 }]);
  // A client that stays connected does not hold the stop.
  await supervisor.stop('database');
  await again.close().catch(() => {});

  for (const folder of await removeVolumes(root)) {
    await expect(stat(folder)).rejects.toThrow(/ENOENT/);
  }
});

test('migrations are applied once, in order, and an altered one is refused', async () => {
  const { mkdir, writeFile } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const context = quietContext();
  const root = await temporaryFolder();
  const [port = 0] = await freePorts(1);
  const migrations = join(root, 'migrations');
  const resource = { ...postgresResource(port), migrations: [migrations] };
  const stack = emptyStack(root, { resources: [resource] });
  await createFolders(root);
  await mkdir(migrations);
  await writeFile(join(migrations, '0001_first.sql'), 'CREATE TABLE a (id int);');
  await writeFile(
    join(migrations, '0002_second.sql'),
    'ALTER TABLE a ADD COLUMN name text; CREATE TABLE b (id int);',
  );
  const supervisor = new Supervisor({ host: context.host, clock: context.clock, onChange: () => {} });
  await supervisor.ensure(await embeddedPostgres.prepare(context, stack, resource));
  for (;;) {
    const result = await probePostgres(context, resource.endpoint, 1_000);
    if (result.ready || result.missingDatabase) break;
    await context.clock.sleep(20);
  }
  await createDatabase(context, resource.endpoint);
  try {
    // Two at once: the lock lets one do the work.
    const both = await Promise.all([migrate(context, resource), migrate(context, resource)]);
    expect(both.flat().map(({ name }) => name)).toEqual(['0001_first.sql', '0002_second.sql']);
    expect(await migrate(context, resource)).toEqual([]);

    await writeFile(join(migrations, '0003_broken.sql'), 'CREATE TABLE c (id int); CREATE TABLE a (id int);');
    await expect(migrate(context, resource)).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
    const connection = await context.sql(resource.endpoint.url, { timeoutMs: 5_000 });
    expect((await connection.query("SELECT to_regclass('c') AS c")).rows).toEqual([{ c: null }]);
    await connection.close();

    await writeFile(join(migrations, '0001_first.sql'), 'CREATE TABLE a (id bigint);');
    await expect(migrate(context, resource)).rejects.toMatchObject({ code: 'MIGRATION_ALTERED' });
  } finally {
    await supervisor.stop('database');
    await removeVolumes(root);
  }
});
