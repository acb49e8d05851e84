import { resolve } from 'node:path';
import * as z from 'zod';
import { isRecord } from '../record.ts';
import { readTextFile, unreadable } from '../text-file.ts';
import { parseEnv } from './dotenv.ts';
import { filled } from './fields.ts';
import type { FieldPath } from './mistake.ts';

const file = () => filled('a file');
const entry = () =>
  z.union(
    [
      file(),
      z.strictObject({
        path: file().describe('The file.'),
        required: z.boolean().default(true).describe('Whether it must be there.'),
      }),
    ],
    { error: 'a file, or a mapping with path and required' },
  );

/** `env_file` as compose takes it: one file or several, each perhaps not there. */
export const envFileSchema = () =>
  z.union([entry(), z.array(entry())], { error: 'a file or a list of files' });

/** A file of variables that a service names. */
export interface EnvFile {
  path: string;
  required: boolean;
  /** Where it is named, below `env_file`. */
  at: FieldPath;
}

/** The files that `env_file` names; what is none of its forms names none. */
export function envFilesOf(written: unknown): EnvFile[] {
  const one = (each: unknown, at: FieldPath): EnvFile[] => {
    if (typeof each === 'string' && each !== '') return [{ path: each, required: true, at }];
    if (!isRecord(each) || typeof each.path !== 'string' || each.path === '') return [];
    return [{ path: each.path, required: each.required !== false, at: [...at, 'path'] }];
  };
  return Array.isArray(written) ? written.flatMap((each, index) => one(each, [index])) : one(written, []);
}

/** The same with each path changed. */
export function withEnvFilePaths(written: unknown, change: (path: string) => string): unknown {
  const one = (each: unknown) => {
    if (typeof each === 'string' && each !== '') return change(each);
    return isRecord(each) && typeof each.path === 'string' ? { ...each, path: change(each.path) } : each;
  };
  return Array.isArray(written) ? written.map(one) : one(written);
}

/**
 * What the files say, the later ones over the earlier; `lookup` fills in the variables that they name.
 * @throws QbtcError `ENV_UNREADABLE`, `ENV_INVALID`
 */
export async function readEnvFiles(
  root: string,
  written: unknown,
  lookup: (name: string) => string | undefined,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const { path, required } of envFilesOf(written)) {
    const full = resolve(root, path);
    try {
      Object.assign(values, parseEnv(await readTextFile(full), full, lookup));
    } catch (error) {
      // One that must be there and is not is a mistake of the field that names it.
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (missing && !required) continue;
      throw unreadable('ENV_UNREADABLE', full, error);
    }
  }
  return values;
}
