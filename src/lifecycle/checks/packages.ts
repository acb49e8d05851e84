import { access } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Finding } from '../../model/finding.ts';
import { readTextFile } from '../../text-file.ts';
import { type Check, processServices } from '../check.ts';

/** What installs, by the file that says which packages it is to be. */
const INSTALLERS: readonly (readonly [file: string, command: string])[] = [
  ['package-lock.json', 'npm ci'],
  ['npm-shrinkwrap.json', 'npm ci'],
  ['pnpm-lock.yaml', 'pnpm install --frozen-lockfile'],
  ['yarn.lock', 'yarn install'],
  ['bun.lock', 'bun install'],
  ['bun.lockb', 'bun install'],
];

/** Packages that a service names, and that nobody has installed. */
export const packages: Check = async (_context, intent) => {
  const { root } = intent.stack;
  const findings = new Map<string, Finding>();
  for (const service of processServices(intent)) {
    const folder = await folderWithoutPackages(root, service.path);
    if (folder === undefined || findings.has(folder)) continue;
    const shown = relative(root, folder) || '.';
    findings.set(folder, {
      code: 'DEPENDENCIES_MISSING',
      severity: 'error',
      subject: join(shown, 'package.json'),
      message: `its packages are not installed: there is no ${join(shown, 'node_modules')}, which ${service.name} needs`,
      fix: `${folder === root ? '' : `cd ${shown} && `}${await installerOf(folder)}`,
    });
  }
  return [...findings.values()];
};

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
function upwards(folder: string, last: string | undefined): string[] {
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

async function installerOf(folder: string): Promise<string> {
  for (const [file, command] of INSTALLERS) if (await exists(join(folder, file))) return command;
  return 'npm install';
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
