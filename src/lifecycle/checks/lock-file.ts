import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Finding } from '../../model/finding.ts';
import { workspacesOf } from '../../scaffold/workspaces.ts';
import { readTextFile } from '../../text-file.ts';
import type { Check } from '../check.ts';

interface LockFile {
  packages?: Record<string, { dependencies?: Record<string, string> }>;
}

/**
 * Workspaces of which `package-lock.json` knows nothing, or something else: all runs here, and `npm ci` of a colleague
 * refuses. No reason not to start.
 */
export const lockFile: Check = async (_context, { stack: { root } }) => {
  const read = async (file: string) => readTextFile(join(root, file)).catch(() => undefined);
  const [text, manifest] = await Promise.all([read('package-lock.json'), read('package.json')]);
  if (text === undefined || manifest === undefined) return [];
  const { packages } = JSON.parse(text) as LockFile;
  if (packages === undefined) return [];
  return (await workspacesOf(root)).flatMap(({ name, folder, versions }): Finding[] => {
    const locked = packages[folder];
    if (locked !== undefined && isDeepStrictEqual({ ...locked.dependencies }, versions)) return [];
    return [
      {
        code: 'LOCK_FILE_BEHIND',
        severity: 'warning',
        subject: `${folder}/package.json`,
        message: `package-lock.json ${locked === undefined ? `does not have ${name}` : `has other dependencies of ${name}`}: "npm ci" will refuse it`,
        fix: 'npm install, and commit package-lock.json',
      },
    ];
  });
};
