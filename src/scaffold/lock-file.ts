import { existsSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { readTextFile, unreadable } from '../text-file.ts';
import { type LockedPackages, reached } from './lock-reach.ts';
import { workspacesOf } from './workspaces.ts';

interface LockFile {
  packages: LockedPackages;
  [key: string]: unknown;
}

async function readLock(file: string): Promise<LockFile | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    const lock = JSON.parse(await readTextFile(file)) as Partial<LockFile>;
    return { ...lock, packages: lock.packages ?? {} };
  } catch (error) {
    throw unreadable('LOCK_FILE_UNREADABLE', file, error);
  }
}

const readBoth = (root: string, addonLock: string) =>
  Promise.all([readLock(join(root, 'package-lock.json')), readLock(addonLock)]);

/** The packages of an add-on that the stack's lock file does not have. */
export async function newInLock(root: string, addonLock: string): Promise<string[]> {
  const [lock, added] = await readBoth(root, addonLock);
  if (lock === undefined || added === undefined) return [];
  return Object.keys(added.packages).filter((name) => !Object.hasOwn(lock.packages, name));
}

/** Adds the packages of an add-on to the stack's lock file, which keeps what it has. */
export async function addToLock(root: string, addonLock: string): Promise<void> {
  const [lock, added] = await readBoth(root, addonLock);
  if (lock === undefined || added === undefined) return;
  await writeLock(root, { ...lock, packages: { ...added.packages, ...lock.packages } });
}

/** What a lock file says of a package of the stack's own; that is what stands in its `package.json`. */
export interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/**
 * Adds a package of the stack's own to its lock file, which keeps what it has. Where that does not know all that the package
 * depends on it is left as it is: only npm can tell the rest.
 */
export async function addWorkspaceToLock(root: string, folder: string, manifest: Manifest): Promise<void> {
  const lock = await readLock(join(root, 'package-lock.json'));
  if (lock === undefined) return;
  const { name, version, dependencies, devDependencies } = manifest;
  const needed = Object.keys({ ...dependencies, ...devDependencies });
  if (!needed.every((each) => Object.hasOwn(lock.packages, `node_modules/${each}`))) return;
  const own = {
    name,
    version,
    ...(dependencies === undefined ? {} : { dependencies }),
    ...(devDependencies === undefined ? {} : { devDependencies }),
  };
  const link = { resolved: folder, link: true };
  await writeLock(root, {
    ...lock,
    packages: { ...lock.packages, [folder]: own, [`node_modules/${name}`]: link },
  });
}

/** Takes these packages out of the stack's lock file, but for those that what is left of the stack needs. */
export async function removeFromLock(root: string, names: readonly string[]): Promise<void> {
  const lock = await readLock(join(root, 'package-lock.json'));
  if (lock === undefined) return;
  const needed = reached(
    lock.packages,
    (await workspacesOf(root)).map(({ folder }) => folder),
  );
  const gone = new Set(names.filter((name) => !needed.has(name)));
  const kept = Object.entries(lock.packages).filter(([name]) => !gone.has(name));
  await writeLock(root, { ...lock, packages: Object.fromEntries(kept) });
}

/** In npm's own order. */
async function writeLock(root: string, lock: LockFile): Promise<void> {
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  const text = `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`;
  await writeFileAtomic(join(root, 'package-lock.json'), text);
}
