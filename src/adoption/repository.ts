import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { glob } from 'tinyglobby';
import { readTextFile } from '../text-file.ts';
import type { Repository } from './fact.ts';

/** What others have written, or programs. */
const LEFT_OUT = [
  'node_modules',
  '.git',
  'vendor',
  'dist',
  'build',
  'out',
  'target',
  'coverage',
  '.venv',
  'venv',
  '.next',
  '.nuxt',
  '.turbo',
  '.qbtc',
  '__pycache__',
  'site-packages',
  'bower_components',
];
/** Folders of folders; what stands deeper is code. */
const DEPTH = 8;
const MAX_BYTES = 1024 * 1024;

/** @param without folders that are not looked into, relative to the root */
export async function openRepository(root: string, without: readonly string[] = []): Promise<Repository> {
  const found = await glob('**/*', {
    cwd: root,
    dot: true,
    deep: DEPTH,
    followSymbolicLinks: false,
    ignore: LEFT_OUT.map((name) => `**/${name}/**`),
    expandDirectories: false,
  });
  const looked = found.filter((file) => !without.some((folder) => file.startsWith(`${folder}/`)));
  const files = looked.sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
  const known = new Set(files);
  const texts = new Map<string, Promise<string | undefined>>();
  return {
    root,
    files,
    has: (path) => known.has(path),
    text(path) {
      let text = texts.get(path);
      if (text === undefined) {
        text = known.has(path) ? readSmall(join(root, path)) : Promise.resolve(undefined);
        texts.set(path, text);
      }
      return text;
    },
  };
}

async function readSmall(file: string): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    return size > MAX_BYTES ? undefined : await readTextFile(file);
  } catch {
    return undefined;
  }
}

function depth(path: string): number {
  return path.split('/').length;
}

/** The folder of a file, `.` for the top. */
export function folderOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.slice(0, end);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A path beside another, without `.` and `..`; `undefined` where it leaves the repository. */
export function inFolder(folder: string, path: string): string | undefined {
  const parts: string[] = [];
  for (const part of `${folder}/${path}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.length === 0 ? '.' : parts.join('/');
}

/** The line of a place in a text, from 1. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
