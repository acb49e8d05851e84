import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { readTextFile } from '../text-file.ts';

interface LockFile {
  packages: Record<string, unknown>;
  [key: string]: unknown;
}

async function readLock(file: string): Promise<LockFile | undefined> {
  const text = await readTextFile(file).catch(() => undefined);
  if (text === undefined) return undefined;
  const lock = JSON.parse(text) as Partial<LockFile>;
  return { ...lock, packages: lock.packages ?? {} };
}

/** Adds the packages of an add-on to the stack's lock file, which keeps what it has. Answers with those that are new. */
export async function addToLock(root: string, addonLock: string): Promise<string[]> {
  const [lock, added] = await Promise.all([readLock(join(root, 'package-lock.json')), readLock(addonLock)]);
  if (lock === undefined || added === undefined) return [];
  const names = Object.keys(added.packages).filter((name) => !Object.hasOwn(lock.packages, name));
  await writeLock(root, { ...lock, packages: { ...added.packages, ...lock.packages } });
  return names;
}

export async function removeFromLock(root: string, names: ReadonlySet<string>): Promise<void> {
  const lock = await readLock(join(root, 'package-lock.json'));
  if (lock === undefined) return;
  const kept = Object.entries(lock.packages).filter(([name]) => !names.has(name));
  await writeLock(root, { ...lock, packages: Object.fromEntries(kept) });
}

/** In npm's own order. */
async function writeLock(root: string, lock: LockFile): Promise<void> {
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  const text = `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`;
  await writeFileAtomic(join(root, 'package-lock.json'), text);
}
