import type { readdir } from 'node:fs';
import { posix, resolve } from 'node:path';

/** Lists the folders of files that need not be on the disk, as `fs.readdir` does. */
export function listingOf(root: string, files: readonly string[]): { readdir: typeof readdir } {
  const folders = new Map<string, Map<string, boolean>>();
  for (const file of files) {
    for (let [path, isFile] = [file, true]; path !== '.'; [path, isFile] = [posix.dirname(path), false]) {
      const folder = resolve(root, posix.dirname(path));
      const entries = folders.get(folder) ?? new Map<string, boolean>();
      folders.set(folder, entries.set(posix.basename(path), isFile));
    }
  }
  const list = (path: string, _: unknown, done: (error: null, entries: unknown[]) => void) => {
    const entries = [...(folders.get(resolve(path)) ?? [])];
    done(
      null,
      entries.map(([name, isFile]) => ({
        name,
        isFile: () => isFile,
        isDirectory: () => !isFile,
        isSymbolicLink: () => false,
      })),
    );
  };
  return { readdir: list as unknown as typeof readdir };
}
