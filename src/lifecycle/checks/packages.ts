import { join, relative } from 'node:path';
import type { Finding } from '../../model/finding.ts';
import { type Check, processServices } from '../check.ts';
import { exists, folderWithoutPackages, upwards } from '../packages.ts';

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
    const needing = await folderWithoutPackages(root, service.path);
    if (needing === undefined) continue;
    const { folder, command } = await installerOf(needing, root);
    if (findings.has(folder)) continue;
    const shown = relative(root, folder) || '.';
    findings.set(folder, {
      code: 'DEPENDENCIES_MISSING',
      severity: 'error',
      subject: join(shown, 'package.json'),
      message: `its packages are not installed: there is no ${join(shown, 'node_modules')}, which ${service.name} needs`,
      fix: `${folder === root ? '' : `cd ${shown} && `}${command}`,
    });
  }
  return [...findings.values()];
};

/** What installs, and where: a workspace is installed with all others, where the lock file stands. */
async function installerOf(needing: string, root: string): Promise<{ folder: string; command: string }> {
  for (const folder of upwards(needing, root))
    for (const [file, command] of INSTALLERS)
      if (await exists(join(folder, file))) return { folder, command };
  return { folder: needing, command: 'npm install' };
}
