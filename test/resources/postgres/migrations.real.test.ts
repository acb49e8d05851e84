import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SqlConnection } from '../../../src/context.ts';
import { removeVolumes } from '../../../src/resources/places.ts';
import { embeddedPostgres } from '../../../src/resources/postgres/embedded.ts';
import { createDatabase, migrate } from '../../../src/resources/postgres/migrations.ts';
import { createFolders } from '../../../src/state/folders.ts';
import { freePorts } from '../../support/ports.ts';
import { quietContext, temporaryFolder } from '../../support/quiet-context.ts';
import { emptyStack, postgresResource } from '../../support/stack.ts';

const context = quietContext();

async function connected(url: string): Promise<SqlConnection> {
  const deadline = context.clock.monotonic() + 30_000;
  for (;;) {
    try {
      return await context.sql(url, { timeoutMs: 5_000 });
    } catch (error) {
      if (context.clock.monotonic() > deadline) throw error;
      await context.clock.sleep(50);
    }
  }
}

test('line ends do not alter a migration, a long one has its time, and a refusal of the server is explained', async () => {
  const root = await temporaryFolder();
  const [port = 0] = await freePorts(1);
  const migrations = join(root, 'migrations');
  const resource = { ...postgresResource(port), migrations: [migrations] };
  await createFolders(root);
  await mkdir(migrations);
  const spec = await embeddedPostgres.prepare(context, emptyStack(root, { resources: [resource] }), resource);
  const { program, args, cwd, env, uid, gid } = spec;
  const account = uid === undefined || gid === undefined ? {} : { uid, gid };
  const server = spawn(program, args, { cwd, env, ...account, stdio: 'ignore' });
  try {
    const { endpoint } = resource;
    const owner = await connected(endpoint.url.replace(/acme$/, 'postgres'));
    await owner.query("CREATE ROLE guest LOGIN PASSWORD 'gu3st-p4ss'");
    await owner.close();

    const guest = {
      ...endpoint,
      user: 'guest',
      password: 'gu3st-p4ss',
      url: endpoint.url.replace('acme:p4ssword', 'guest:gu3st-p4ss'),
    };
    const refusal = await createDatabase(context, guest).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'DATABASE_NOT_CREATED',
      message: expect.stringContaining('permission denied'),
      hint: expect.stringContaining('CREATE DATABASE "acme"'),
    });
    expect(String(refusal)).not.toContain('gu3st-p4ss');
    // Two at once: one makes it, and neither fails.
    const both = await Promise.all([createDatabase(context, endpoint), createDatabase(context, endpoint)]);
    expect(both.filter(Boolean)).toHaveLength(1);

    const first = join(migrations, '0001_first.sql');
    await writeFile(first, 'CREATE TABLE a (\n  id int\n);\n');
    expect(await migrate(context, resource)).toHaveLength(1);
    await writeFile(first, 'CREATE TABLE a (\r\n  id int\r\n);\r\n');
    expect(await migrate(context, resource)).toEqual([]);

    await writeFile(join(migrations, '0002_slow.sql'), 'SELECT pg_sleep(1);');
    await expect(migrate(context, resource, 200)).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
    expect(await migrate(context, resource)).toHaveLength(1);
  } finally {
    server.kill('SIGINT');
    if (server.exitCode === null) await once(server, 'exit');
    await removeVolumes(root);
  }
});
