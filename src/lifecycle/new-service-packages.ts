import { join } from 'node:path';
import type { Context } from '../context.ts';
import { installAdded, installIn } from '../scaffold/install.ts';
import type { ServicePlan } from '../scaffold/service/plan.ts';
import type { Surroundings } from '../scaffold/service/surroundings.ts';
import { exists } from './packages.ts';

/** What else than npm installs, by the file that says so. */
const OTHERS: readonly (readonly [file: string, command: string])[] = [
  ['pnpm-lock.yaml', 'pnpm install'],
  ['yarn.lock', 'yarn install'],
  ['bun.lock', 'bun install'],
  ['bun.lockb', 'bun install'],
];
const PYTHON_TIMEOUT_MS = 10_000;

/**
 * Makes the packages of a new service complete, where that is for npm to do.
 * @returns the command that does what is left, if anything is
 * @throws QbtcError INSTALL_FAILED
 */
export async function installFor(
  context: Context,
  root: string,
  plan: ServicePlan,
  { workspaces }: Surroundings,
  install: boolean,
): Promise<string | undefined> {
  const { base, folder, texts } = plan;
  if (base === 'runtime') {
    if (!install) return 'npm install';
    await installAdded(context, root);
    return undefined;
  }
  if (texts.has('requirements.txt')) return await whatPythonLacks(context, plan);
  const { dependencies } = JSON.parse(texts.get('package.json') ?? '{}') as { dependencies?: object };
  if (dependencies === undefined) return undefined;
  // Packages of workspaces are installed together.
  const isWorkspace = workspaces.some((each) => each.folder === folder);
  const where = isWorkspace ? root : join(root, folder);
  const cd = isWorkspace ? '' : `cd ${folder} && `;
  for (const [file, command] of OTHERS) if (await exists(join(root, file))) return `${cd}${command}`;
  if (!install) return `${cd}npm install`;
  await installIn(context, where);
  return undefined;
}

/** Python has no folder for the packages of one program: nothing is installed for it unasked. */
async function whatPythonLacks(
  { exec }: Context,
  { folder, texts }: ServicePlan,
): Promise<string | undefined> {
  const names = [...(texts.get('requirements.txt') ?? '').matchAll(/^\w+/gm)].map(([name]) => name);
  const { exitCode, notFound } = await exec('python3', ['-c', `import ${names.join(', ')}`], {
    cwd: '/',
    timeoutMs: PYTHON_TIMEOUT_MS,
  });
  return exitCode === 0 && !notFound ? undefined : `pip install -r ${folder}/requirements.txt`;
}
