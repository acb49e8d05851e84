import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { Resource } from '../../src/model/resource.ts';
import { removeVolumes } from '../../src/resources/places.ts';
import { embeddedPostgres } from '../../src/resources/postgres/embedded.ts';
import { createDatabase } from '../../src/resources/postgres/migrations.ts';
import { createFolders } from '../../src/state/folders.ts';
import { freePorts } from './ports.ts';
import { quietContext, temporaryFolder } from './quiet-context.ts';
import { emptyStack, postgresResource } from './stack.ts';

/** A real PostgreSQL with the stack's database; it ends, and its data goes, with the test. */
export async function runningPostgres(): Promise<{ root: string; resource: Resource }> {
  const context = quietContext();
  const root = await temporaryFolder();
  const [port = 0] = await freePorts(1);
  const resource = postgresResource(port);
  await createFolders(root);
  const stack = emptyStack(root, { resources: [resource] });
  const { program, args, cwd, env, uid, gid } = await embeddedPostgres.prepare(context, stack, resource);
  const account = uid === undefined || gid === undefined ? {} : { uid, gid };
  const server = spawn(program, args, { cwd, env, ...account, stdio: 'ignore' });
  onTestFinished(async () => {
    if (server.exitCode === null) {
      server.kill('SIGINT');
      await once(server, 'exit');
    }
    await removeVolumes(root);
  });
  for (;;) {
    try {
      await createDatabase(context, resource.endpoint);
      return { root, resource };
    } catch (error) {
      if (server.exitCode !== null) throw error;
      await context.clock.sleep(50);
    }
  }
}
