import { appendFile, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { LinesName } from './files.ts';
import { statePath } from './folder.ts';
import { withFileLock } from './lock.ts';

/** A file of `.qbtc` that holds a document a line. */
export interface LinesFile<T> {
  /** Oldest first. A line that cannot be read (a crash cut it short) is left out. */
  read(root: string): Promise<T[]>;
  /** After a line that a crash cut short it begins a new one: only the cut one is lost. */
  append(root: string, document: T): Promise<void>;
}

/**
 * The file of this name in the list.
 *
 * @param parse throws for what is no such document
 * @param most the oldest go when there are more
 */
export function linesFile<T>(
  name: LinesName,
  parse: (value: unknown) => T,
  most = Number.POSITIVE_INFINITY,
): LinesFile<T> {
  const read = async (root: string): Promise<T[]> => {
    const text = await readFile(statePath(root, name), 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => {
      try {
        return [parse(JSON.parse(line))];
      } catch {
        return [];
      }
    });
  };
  return {
    read,
    async append(root, document) {
      const file = statePath(root, name);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await withFileLock(file, async () => {
        const begin = (await endsWithin(file)) ? '\n' : '';
        await appendFile(file, `${begin}${JSON.stringify(document)}\n`, { mode: 0o600 });
        if (most === Number.POSITIVE_INFINITY) return;
        const documents = await read(root);
        if (documents.length <= most) return;
        const kept = documents.slice(-most).map((each) => `${JSON.stringify(each)}\n`);
        await writeFileAtomic(file, kept.join(''), { mode: 0o600, fsync: false });
      });
    },
  };
}

async function endsWithin(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  try {
    const size = (await handle?.stat())?.size ?? 0;
    if (handle === undefined || size === 0) return false;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== 0x0a;
  } finally {
    await handle?.close();
  }
}
