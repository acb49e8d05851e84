import { lstat, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, QbtcError } from '../../errors.ts';
import { inGroups } from '../in-groups.ts';
import { digestOfBytes } from '../ledger.ts';

/** A file of a tree. */
export interface Content {
  digest: string;
  /** `undefined` where nobody has kept it. */
  bytes: Buffer | undefined;
  /** Its rights. */
  mode?: number;
}

/** What stands at a path where a file could be: `other` is a link, a folder, or below a link: nobody writes there. */
export type Found = Content | 'other';

export type Tree = ReadonlyMap<string, Content>;

/**
 * What stands at these paths below `root`; those where nothing does are left out.
 * @throws QbtcError FILE_UNREADABLE
 */
export async function lookAt(root: string, paths: Iterable<string>): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  const folders = new Map<string, Promise<boolean>>();
  /** Whether a file can stand in it: no part of its path is a link or a file. */
  const isOpen = (folder: string): Promise<boolean> => {
    if (folder === '.') return Promise.resolve(true);
    const known = folders.get(folder);
    if (known !== undefined) return known;
    const looked = isOpen(dirname(folder)).then(
      async (above) => above && ((await statsOf(join(root, folder)))?.isDirectory() ?? true),
    );
    folders.set(folder, looked);
    return looked;
  };
  await inGroups([...paths], async (path) => {
    const there = await look(join(root, path), await isOpen(dirname(path)));
    if (there !== undefined) found.set(path, there);
  });
  return found;
}

async function look(file: string, open: boolean): Promise<Found | undefined> {
  if (!open) return 'other';
  const stats = await statsOf(file);
  if (stats === undefined) return undefined;
  if (!stats.isFile()) return 'other';
  try {
    const bytes = await readFile(file);
    return { digest: digestOfBytes(bytes), bytes, mode: stats.mode & 0o777 };
  } catch (error) {
    throw new QbtcError('FILE_UNREADABLE', `${file} cannot be read: ${messageOf(error)}`, {
      hint: 'make it readable, then run it again: nothing was changed',
      cause: error,
    });
  }
}

async function statsOf(file: string) {
  return await lstat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

/** The files among what was found. */
export function filesOf(found: ReadonlyMap<string, Found>): Map<string, Content> {
  return new Map([...found].filter((entry): entry is [string, Content] => entry[1] !== 'other'));
}
