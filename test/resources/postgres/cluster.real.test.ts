import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { QbtcError } from '../../../src/errors.ts';
import { removeVolumes } from '../../../src/resources/index.ts';
import { type Placement, prepareCluster } from '../../../src/resources/postgres/cluster.ts';
import { embeddedPostgres } from '../../../src/resources/postgres/embedded.ts';
import { readyClusters } from '../../../src/resources/postgres/ready-clusters.ts';
import { createFolders } from '../../../src/state/index.ts';
import { quietContext, temporaryFolder } from '../../support/quiet-context.ts';
import { emptyStack, postgresResource } from '../../support/stack.ts';

test('clusters are copies of one that initdb has made, each with its own owner and password', async () => {
  const root = await temporaryFolder('qbtc-cluster-');
  await chmod(root, 0o755);
  const cache = join(root, 'cache');
  const context = { ...quietContext(), env: { ...process.env, XDG_CACHE_HOME: cache } };
  const programsRun: string[] = [];
  const counted: Context = {
    ...context,
    exec(program, ...more) {
      programsRun.push(program.split('/').at(-1) ?? '');
      return context.exec(program, ...more);
    },
  };
  const stack = emptyStack(root, { resources: [postgresResource(1)] });
  await createFolders(root);
  try {
    const spec = await embeddedPostgres.prepare(context, stack, postgresResource(1));
    const account =
      spec.uid === undefined || spec.gid === undefined ? undefined : { uid: spec.uid, gid: spec.gid };
    const parent = join(root, 'clusters');
    await mkdir(parent);
    const placement = (name: string): Placement => ({
      programs: join(spec.program, '..', '..'),
      version: '18',
      data: join(parent, name),
      account,
    });
    const ownerOf = async (name: string) => {
      const { stdout, stderr } = await context.exec(
        spec.program,
        ['--single', '-D', join(parent, name), 'postgres'],
        {
          timeoutMs: 60_000,
          input: 'SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin\n',
          ...account,
        },
      );
      expect(stdout, stderr).toContain('rolname = ');
      return [...stdout.matchAll(/(?:rolname|rolpassword) = "([^"]*)"/g)].map(([, value]) => value);
    };

    await prepareCluster(counted, placement('first'), { user: "o'hara", password: 'one' });
    await prepareCluster(counted, placement('second'), { user: 'acme', password: 'two' });
    // The first one was a copy already: of that which the preparation above had made.
    expect(programsRun).toEqual(['postgres', 'postgres']);
    const [first, second] = [await ownerOf('first'), await ownerOf('second')];
    expect(first).toEqual(["o'hara", expect.stringMatching(/^SCRAM-SHA-256\$4096:/)]);
    expect(second).toEqual(['acme', expect.stringMatching(/^SCRAM-SHA-256\$4096:/)]);
    expect(second[1]).not.toBe(first[1]);

    // What is kept knows neither.
    const ready = readyClusters(context.env);
    const [key = ''] = await readdir(ready);
    for (const entry of await readdir(join(ready, key), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const content = await readFile(join(entry.parentPath, entry.name), 'latin1');
      for (const [name, verifier] of [first, second]) {
        expect(content.includes(verifier ?? '')).toBe(false);
        expect(content.includes(name ?? '')).toBe(false);
      }
    }

    // One that is damaged: initdb makes the next one, and that is kept.
    const place = join(ready, key);
    const control = join(place, 'data', 'global', 'pg_control');
    const empty = Buffer.alloc((await readFile(control)).length);
    await writeFile(control, empty);
    const another = async (name: string) => {
      programsRun.length = 0;
      await prepareCluster(counted, placement(name), { user: name, password: name });
      expect((await ownerOf(name))[0]).toBe(name);
      return programsRun;
    };
    expect(await another('third')).toEqual(['initdb', 'postgres']);
    expect(await another('fourth')).toEqual(['postgres']);

    // One that is as it was kept, and that PostgreSQL does not take: it is left behind once a new one has done.
    const listing = join(place, 'listing.json');
    const kept = JSON.parse(await readFile(listing, 'utf8'));
    kept.files[join('global', 'pg_control')] = createHash('sha256').update(empty).digest('hex');
    await writeFile(listing, JSON.stringify(kept));
    await writeFile(control, empty);
    expect(await another('fifth')).toEqual(['postgres', 'initdb', 'postgres']);
    expect(await another('sixth')).toEqual(['initdb', 'postgres']);
    expect(await another('seventh')).toEqual(['postgres']);

    // A name that PostgreSQL refuses is no fault of what is kept, and what is told of it says no password.
    programsRun.length = 0;
    const refused = prepareCluster(counted, placement('eighth'), { user: 'pg_monitor', password: 'eight' });
    const { code, details } = (await refused.catch((error: unknown) => error)) as QbtcError;
    expect({ code, programsRun }).toEqual({
      code: 'CLUSTER_FAILED',
      programsRun: ['postgres', 'initdb', 'postgres'],
    });
    expect(details.join('\n')).toContain('duplicate key');
    expect(details.join('\n')).not.toContain('SCRAM');
    expect(await readdir(parent)).not.toContain('eighth');
    expect(await another('ninth')).toEqual(['postgres']);
  } finally {
    await removeVolumes(root);
  }
});
