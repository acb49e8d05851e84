import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';

const cache = join(tmpdir(), 'qbtc-test-compose');
const kept = join(cache, 'docker-compose');

/** Compose v2 comes with the Debian release after this one: it is unpacked into a folder for plugins, not installed. */
export async function installCompose(config: string): Promise<boolean> {
  const plugins = join(config, 'cli-plugins');
  await mkdir(plugins, { recursive: true });
  await writeFile(join(config, 'config.json'), '{}');
  if ((await composeProgram()) === undefined) return false;
  for (const name of ['docker-compose', 'docker-buildx']) {
    if (existsSync(join(cache, name))) await copyFile(join(cache, name), join(plugins, name));
    await chmod(join(plugins, name), 0o755);
  }
  const { exitCode } = await run('docker', ['compose', 'version'], {
    env: { ...process.env, DOCKER_CONFIG: config },
  });
  return exitCode === 0;
}

/** The program itself, unpacked; `undefined` where it cannot be had. */
export async function composeProgram(): Promise<string | undefined> {
  return existsSync(kept) || (await downloadCompose()) ? kept : undefined;
}

async function downloadCompose(): Promise<boolean> {
  await mkdir(join(cache, 'lists', 'partial'), { recursive: true });
  // The mirror that this machine uses, with the next release in the place of its own.
  const sources = await run('sh', [
    '-c',
    'cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null',
  ]);
  const mirror = /(?:URIs:|^deb)\s+(\S+\/debian)\/?(?:\s|$)/m.exec(sources.stdout)?.[1];
  if (mirror === undefined) return false;
  const list = join(cache, 'next.sources');
  await writeFile(
    list,
    [
      'Types: deb',
      `URIs: ${mirror}`,
      'Suites: trixie',
      'Components: main',
      'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
      '',
    ].join('\n'),
  );
  const options = [
    ...['-o', `Dir::Etc::sourcelist=${list}`, '-o', 'Dir::Etc::sourceparts=-'],
    ...['-o', `Dir::State::lists=${join(cache, 'lists')}`],
  ];
  if ((await run('apt-get', [...options, 'update'])).exitCode !== 0) return false;
  await run('apt-get', [...options, 'download', 'docker-compose', 'docker-buildx'], { cwd: cache });
  for (const name of (await readdir(cache)).filter((file) => file.endsWith('.deb'))) {
    await run('dpkg-deb', ['-x', join(cache, name), join(cache, 'unpacked')]);
  }
  for (const name of ['docker-buildx', 'docker-compose']) {
    const program = join(cache, 'unpacked', 'usr', 'libexec', 'docker', 'cli-plugins', name);
    if ((await stat(program).catch(() => undefined)) !== undefined)
      await copyFile(program, join(cache, name));
  }
  return existsSync(kept);
}
