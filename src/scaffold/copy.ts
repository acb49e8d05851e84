import { chmod, copyFile, mkdir, readdir, readlink, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What a template folder may hold after somebody worked in it, and what no stack begins with. */
const LEFT_OUT = new Set([
  'node_modules',
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
  for (const file of files ?? (await templateFiles(from))) {
    signal.throwIfAborted();
    const source = join(from, file);
    const target = join(to, dirname(file), RENAMED[basename(file)] ?? basename(file));
    await mkdir(dirname(target), { recursive: true });
    await copyEntry(source, target);
  }
}

async function copyEntry(source: string, target: string): Promise<void> {
  const link = await readlink(source).catch(() => undefined);
  if (link !== undefined) return await symlink(link, target);
  await copyFile(source, target);
  // A package manager may keep its store read-only; the copy is the user's to change.
  const { mode } = await stat(target);
  if ((mode & 0o200) === 0) await chmod(target, mode | 0o200);
}
