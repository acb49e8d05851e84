import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { type FileSystemAdapter, glob } from 'tinyglobby';
import type { StackDocument } from './document.ts';
import { envFilesOf } from './env-file.ts';
import { valueAt } from './issues.ts';
import { type FieldPath, fieldName, type Mistake, nearest } from './mistake.ts';
import type { Outline } from './outline.ts';

/** The files that the patterns match, absolute and sorted; those of the disk, unless what lists others is given. */
export async function filesOf(
  root: string,
  patterns: readonly string[],
  fs?: FileSystemAdapter,
): Promise<string[]> {
  if (patterns.length === 0) return [];
  const files = await glob([...patterns], {
    cwd: root,
    absolute: true,
    expandDirectories: false,
    // npm links the packages of the stack there: each file would be found twice.
    ignore: ['**/node_modules/**'],
    ...(fs === undefined ? {} : { fs }),
  });
  // In the system's own spelling, as every other path of the stack.
  return files.map((file) => resolve(file)).sort();
}

/** Where the contracts of a stack stand, below its root; services bring more. */
export const CONTRACTS_FOLDER = 'event-schemas';

/** The folders with the contracts of the stack, absolute, its own first. */
export async function contractFolders(root: string, others: readonly string[]): Promise<string[]> {
  const own = resolve(root, CONTRACTS_FOLDER);
  const folders = others.map((each) => resolve(root, each));
  return [...new Set([...((await kindOf(own)) === 'folder' ? [own] : []), ...folders])];
}

/** Paths in `qbtc.yaml` that lead nowhere, or to something else than they should. */
export async function fileMistakes(
  root: string,
  stack: Outline,
  document: StackDocument,
): Promise<Mistake[]> {
  const wanted: { path: FieldPath; target: string; from: string; kind: 'file' | 'folder' }[] = [];
  for (const [name, { env_file }] of Object.entries(stack.services)) {
    for (const { path, required, at } of envFilesOf(env_file))
      if (required)
        wanted.push({ path: ['services', name, 'env_file', ...at], target: path, from: root, kind: 'file' });
  }
  for (const [name, { path = '.', entry }] of Object.entries(stack.services)) {
    if (path === '') continue;
    const at = ['services', name];
    wanted.push({ path: [...at, 'path'], target: path, from: root, kind: 'folder' });
    // Without the folder there is no entry either: that is one mistake, not two.
    const folder = resolve(root, path);
    if (entry && (await kindOf(folder)) === 'folder') {
      wanted.push({ path: [...at, 'entry'], target: entry, from: folder, kind: 'file' });
    }
  }
  for (const [name, { service, entry }] of Object.entries(stack.commands)) {
    const declared = stack.services[service ?? ''];
    const path = declared?.path ?? '.';
    if (!declared || path === '' || !entry) continue;
    wanted.push({
      path: ['commands', name, 'entry'],
      target: entry,
      from: resolve(root, path),
      kind: 'file',
    });
  }
  for (const [name, { migrations = [] }] of Object.entries(stack.infrastructure)) {
    for (const { path, each } of listed(['infrastructure', name, 'migrations'], migrations, document))
      wanted.push({ path, target: each, from: root, kind: 'folder' });
  }
  for (const { path, each } of listed(['topology'], stack.topology, document))
    wanted.push({ path, target: each, from: root, kind: 'file' });
  for (const { path, each } of listed(['contracts'], stack.contracts, document))
    wanted.push({ path, target: each, from: root, kind: 'folder' });

  const mistakes: Mistake[] = [];
  for (const { path, target, from, kind } of wanted) {
    const absolute = resolve(from, target);
    const found = await kindOf(absolute);
    if (found === kind) continue;
    const near = found === undefined ? await neighbour(from, absolute) : undefined;
    mistakes.push({
      at: document.at(path),
      field: fieldName(path),
      found: `${JSON.stringify(target)}, ${found === undefined ? 'which does not exist' : `a ${found}`}`,
      expected: `a ${kind}`,
      ...(near === undefined ? {} : { nearest: near }),
    });
  }
  return [...mistakes, ...(await emptyPatterns(root, stack, document))];
}

async function emptyPatterns(root: string, stack: Outline, document: StackDocument): Promise<Mistake[]> {
  const mistakes: Mistake[] = [];
  for (const { path, each: pattern } of listed(['flows'], stack.flows, document)) {
    if ((await filesOf(root, [pattern])).length > 0) continue;
    const found = `${JSON.stringify(pattern)}, which matches no file`;
    mistakes.push({
      at: document.at(path),
      field: fieldName(path),
      found,
      expected: 'at least one flow file',
    });
  }
  return mistakes;
}

/** The texts of a field that holds one or a list, with the place of each. */
function listed(
  path: FieldPath,
  texts: readonly string[],
  { data }: StackDocument,
): { path: FieldPath; each: string }[] {
  const alone = !Array.isArray(valueAt(data, path));
  return texts.flatMap((each, index) =>
    each === '' ? [] : [{ path: alone ? path : [...path, index], each }],
  );
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    return undefined;
  }
}

/** The entry beside the missing one whose name is nearest to it, written as the field writes paths. */
async function neighbour(from: string, missing: string): Promise<string | undefined> {
  const folder = dirname(missing);
  const names = await readdir(folder).catch(() => []);
  const near = nearest(relative(folder, missing), names);
  return near === undefined ? undefined : relative(from, join(folder, near)).replaceAll('\\', '/');
}
