import { chmod, copyFile, mkdir, readdir, readlink, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { STATE_FOLDER } from '../state/index.ts';

/** What a template folder may hold after somebody worked in it, and what no stack begins with. */
const LEFT_OUT = new Set([
  'node_modules',
  '.git',
  STATE_FOLDER,
  '.vitest',
  '.DS_Store',
  '.env',
  'dist',
  'coverage',
  'test-results',
]);
const LEFT_OUT_ENDINGS = ['.log', '.tsbuildinfo', '.tgz'];
/** npm turns `.gitignore` into `.npmignore` when it packs, so the template has it under another name. */
const RENAMED: Readonly<Record<string, string>> = { _gitignore: '.gitignore' };

/** Copies the template into `to`, an existing folder. Rejects with the signal's reason when aborted. */
export async function copyTemplate(from: string, to: string, signal: AbortSignal): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    signal.throwIfAborted();
    if (LEFT_OUT.has(entry.name) || LEFT_OUT_ENDINGS.some((ending) => entry.name.endsWith(ending))) continue;
    const source = join(from, entry.name);
    const target = join(to, RENAMED[entry.name] ?? entry.name);
    if (entry.isDirectory()) {
      await mkdir(target);
      await copyTemplate(source, target, signal);
    } else if (entry.isSymbolicLink()) {
      await symlink(await readlink(source), target);
    } else {
      await copyFile(source, target);
      // A package manager may keep its store read-only; the copy is the user's to change.
      const { mode } = await stat(target);
      if ((mode & 0o200) === 0) await chmod(target, mode | 0o200);
    }
  }
}
