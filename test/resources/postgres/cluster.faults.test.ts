import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { removeVolumes } from '../../../src/resources/index.ts';
import { type Placement, prepareCluster } from '../../../src/resources/postgres/cluster.ts';
import { embeddedPostgres } from '../../../src/resources/postgres/embedded.ts';
import { createFolders } from '../../../src/state/index.ts';
import { CHECKOUT } from '../../support/qbtc.ts';
import { quietContext, temporaryFolder } from '../../support/quiet-context.ts';
import { emptyStack, postgresResource } from '../../support/stack.ts';

const context = quietContext();

/** `prepareCluster` as a program of its own, so that it can be killed. */
async function preparingProgram(folder: string): Promise<string> {
  const outfile = join(folder, 'prepare.cjs');
  await build({
    stdin: {
      contents: `
        import { prepareCluster } from './src/resources/postgres/cluster.ts';
        import { createExec } from './src/system/exec.ts';
        const context = { exec: createExec(), env: process.env, interrupted: new AbortController().signal };
        void prepareCluster(context, JSON.parse(process.argv[2]), { user: 'acme', password: 'p4ssword' });`,
      resolveDir: CHECKOUT,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    logLevel: 'error',
  });
  return outfile;
}

/** The processes of an initdb whose arguments name the folder. */
async function initdbOf(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (/(initdb|postgres)\0/.test(command) && command.includes(folder)) found.push(Number(name));
  }
  return found;
}

test.runIf(process.platform === 'linux').each([
  { survivor: 'nothing', killInitdb: true },
  { survivor: 'initdb', killInitdb: false },
])('a kill in the middle of initdb, which leaves $survivor, costs nothing', async ({ killInitdb }) => {
  const root = await temporaryFolder('qbtc-cluster-');
  await chmod(root, 0o755);
  const resource = postgresResource(1);
  const stack = emptyStack(root, { resources: [resource] });
  await createFolders(root);
  try {
    // The real preparation says where the programs and the data stand, and as whom they run.
    const spec = await embeddedPostgres.prepare(context, stack, resource);
    const account =
      spec.uid === undefined || spec.gid === undefined ? undefined : { uid: spec.uid, gid: spec.gid };
    const parent = join(root, 'clusters');
    await mkdir(parent);
    const placement: Placement = {
      programs: join(spec.program, '..', '..'),
      version: '18',
      data: join(parent, 'database'),
      account,
    };
    const program = await preparingProgram(root);
    const child = spawn(process.execPath, [program, JSON.stringify(placement)], {
      stdio: 'inherit',
      // Where none is ready to be copied.
      env: { ...process.env, XDG_CACHE_HOME: join(root, 'cache') },
    });
    const torn = async () => {
      const [folder] = await readdir(parent);
      return (
        folder !== undefined &&
        (await stat(join(parent, folder, 'data', 'PG_VERSION')).catch(() => undefined))
      );
    };
    while (!(await torn())) {
      if (child.exitCode !== null) throw new Error('initdb had ended before it was seen');
      await context.clock.sleep(1);
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    if (killInitdb) for (const pid of await initdbOf(parent)) process.kill(pid, 'SIGKILL');
    expect(await readdir(parent)).toEqual([expect.stringMatching(/^database\.new-/)]);

    await prepareCluster(context, placement, { user: 'acme', password: 'p4ssword' });
    expect(await readdir(parent)).toEqual(['database']);
    // One statement in a server of its own, without a port: the cluster is whole.
    const asked = await context.exec(
      join(placement.programs, 'bin', 'postgres'),
      ['--single', '-D', placement.data, 'postgres'],
      { timeoutMs: 20_000, input: "SELECT 'whole' AS cluster\n", ...account },
    );
    expect(asked.stdout, asked.stderr).toContain('cluster = "whole"');
    // The initdb that was left alone has ended, and has written nothing since.
    const deadline = context.clock.monotonic() + 10_000;
    while ((await initdbOf(parent)).length > 0 && context.clock.monotonic() < deadline) {
      await context.clock.sleep(20);
    }
    expect(await initdbOf(parent)).toEqual([]);
    expect(await readdir(parent)).toEqual(['database']);
  } finally {
    await removeVolumes(root);
  }
});

test('files that are no cluster are left alone, and the error says so', async () => {
  const root = await temporaryFolder('qbtc-cluster-');
  await chmod(root, 0o755);
  const resource = postgresResource(1);
  const stack = emptyStack(root, { resources: [resource] });
  await createFolders(root);
  try {
    const spec = await embeddedPostgres.prepare(context, stack, resource);
    const account =
      spec.uid === undefined || spec.gid === undefined ? undefined : { uid: spec.uid, gid: spec.gid };
    const data = join(root, 'clusters', 'database');
    await mkdir(data, { recursive: true });
    if (account !== undefined) await chown(data, account.uid, account.gid);
    await writeFile(join(data, 'notes.txt'), 'mine');
    const placement = { programs: join(spec.program, '..', '..'), version: '18', data, account };
    await expect(prepareCluster(context, placement, { user: 'a', password: 'b' })).rejects.toMatchObject({
      code: 'CLUSTER_UNREADABLE',
    });
    expect(await readFile(join(data, 'notes.txt'), 'utf8')).toBe('mine');
  } finally {
    await removeVolumes(root);
  }
});
