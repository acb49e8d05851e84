import { copyFileSync, linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Keeps files of a folder under `damaged-N` in it, whatever becomes of their own names. Gives that folder. Throws the
 * errors of the system.
 */
export function setAside(folder: string, names: readonly string[]): string {
  const aside = newFolder(folder);
  for (const name of names) {
    const [from, to] = [join(folder, name), join(aside, name)];
    try {
      // A second name needs no room.
      linkSync(from, to);
    } catch {
      copyFileSync(from, to);
    }
  }
  return aside;
}

function newFolder(folder: string): string {
  for (let number = 1; ; number += 1) {
    const path = join(folder, `damaged-${number}`);
    try {
      mkdirSync(path, { mode: 0o700 });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
