import { chmod, copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { inGroups } from './in-groups.ts';

/** What a template folder may hold after somebody worked in it, and what no stack begins with. */
const LEFT_OUT = new Set([
  'node_modules',
  '__pycache__',
  '.git',
  '.qbtc',
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

/** The files that a template holds, as paths below it with `/`, sorted. */
export async function templateFiles(folder: string, below = ''): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name) || LEFT_OUT_ENDINGS.some((ending) => entry.name.endsWith(ending))) continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await templateFiles(folder, path)));
    else files.push(path);
  }
  return files.sort();
}

/** Copies the template, or these files of it, into `to`. Rejects with the signal's reason when aborted. */
export async function copyTemplate(
  from: string,
  to: string,
  signal: AbortSignal,
  files?: readonly string[],
): Promise<void> {
  const all = files ?? (await templateFiles(from));
  for (const folder of new Set(all.map(dirname))) await mkdir(join(to, folder), { recursive: true });
  await inGroups(all, (file) => {
    signal.throwIfAborted();
    return copyEntry(join(from, file), join(to, dirname(file), RENAMED[basename(file)] ?? basename(file)));
  });
}

async function copyEntry(source: string, target: string): Promise<void> {
  const stats = await lstat(source);
  if (stats.isSymbolicLink()) return await symlink(await readlink(source), target);
  await copyFile(source, target);
  // A package manager may keep its store read-only; the copy is the user's to change.
  if ((stats.mode & 0o200) === 0) await chmod(target, stats.mode | 0o200);
}
