import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readTextFile } from '../text-file.ts';

/** The folder of the nearest `package.json` that names packages, when none of them can be there. */
export async function folderWithoutPackages(root: string, path: string): Promise<string | undefined> {
  const folders = upwards(path, root);
  for (const folder of folders) {
    if (!(await namesPackages(folder))) continue;
    // Node looks above the stack, too; Yarn may keep them elsewhere.
    for (const above of upwards(folder, undefined))
      for (const place of ['node_modules', '.pnp.cjs'])
        if (await exists(join(above, place))) return undefined;
    return folder;
  }
  return undefined;
}

/** The folder and those above it, up to the last one. */
export function upwards(folder: string, last: string | undefined): string[] {
  const above = dirname(folder);
  return folder === last || above === folder ? [folder] : [folder, ...upwards(above, last)];
}

async function namesPackages(folder: string): Promise<boolean> {
  const text = await readTextFile(join(folder, 'package.json')).catch(() => undefined);
  if (text === undefined) return false;
  try {
    const { dependencies = {}, workspaces } = JSON.parse(text) as Record<string, object | undefined>;
    return Object.keys(dependencies).length > 0 || workspaces !== undefined;
  } catch {
    return false;
  }
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
