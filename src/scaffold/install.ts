import { access, copyFile, mkdir, readdir, realpath, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import semver from 'semver';
import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import { readTextFile } from '../text-file.ts';
import { readLedger } from './ledger.ts';
import { type Workspace, workspacesOf } from './workspaces.ts';

const TIMEOUT_MS = 15 * 60_000;
const SHOWN_LINES = 20;

/**
 * Installs from the stack's own lock file.
 * @throws QbtcError INSTALL_FAILED with the last lines of npm
 */
export async function installFromLock(
  context: Pick<Context, 'exec' | 'interrupted'>,
  root: string,
): Promise<void> {
  const hint =
    'Make the stack without its packages (qbtc new NAME --no-install) and run "npm ci" in it to see more.';
  await runNpm(context, root, ['ci'], hint);
}

/**
 * Installs the packages of a stack that `qbtc new` has made where nobody has yet, as in a fresh clone. In the repository of
 * others their own tools install.
 *
 * @throws QbtcError INSTALL_FAILED with the last lines of npm
 */
export async function installInClone(
  context: Pick<Context, 'exec' | 'interrupted' | 'io'>,
  root: string,
): Promise<void> {
  if (await exists(join(root, 'node_modules'))) return;
  if (!(await exists(join(root, 'package-lock.json')))) return;
  const { template } = await readLedger(root).catch(() => ({ template: undefined }));
  if (template === undefined) return;
  const { progress } = context.io;
  progress.step('packages', 'npm ci: a fresh clone has none (this takes a while)');
  await runNpm(
    context,
    root,
    ['ci', '--prefer-offline'],
    'run "npm ci" to see more, or: qbtc up --no-install',
  );
  progress.done('packages', 'installed');
}

async function runNpm(
  { exec, interrupted }: Pick<Context, 'exec' | 'interrupted'>,
  root: string,
  words: readonly string[],
  hint: string,
): Promise<void> {
  // The stack is type-checked and tested with what it develops with, whatever NODE_ENV says.
  const args = [...words, '--include=dev', '--no-audit', '--no-fund'];
  const npm = await exec('npm', args, { cwd: root, timeoutMs: TIMEOUT_MS, signal: interrupted });
  if (npm.exitCode === 0 && !npm.notFound) return;
  interrupted.throwIfAborted();
  const command = `npm ${words[0]}`;
  const why = npm.notFound
    ? 'npm is not on the PATH'
    : npm.timedOut
      ? `${command} did not end within ${TIMEOUT_MS / 60_000} minutes`
      : `${command} ended with exit code ${npm.exitCode}`;
  throw new QbtcError('INSTALL_FAILED', `The packages of the stack could not be installed: ${why}`, {
    details: `${npm.stdout}\n${npm.stderr}`
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-SHOWN_LINES),
    hint,
  });
}

/**
 * Makes the packages of the stack complete after some were added: links to its own, and npm for the rest, which is not asked
 * where all that they depend on is there, in versions that they take.
 * @throws QbtcError INSTALL_FAILED with the last lines of npm
 */
export async function installAdded(
  context: Pick<Context, 'exec' | 'interrupted'>,
  root: string,
  platform: NodeJS.Platform = process.platform,
): Promise<'linked' | 'installed'> {
  const reuse = { root, finalRoot: root, reuseFrom: join(root, 'node_modules'), platform };
  const workspaces = await workspacesOf(root);
  const link = linker(reuse);
  for (const { name, folder } of workspaces) {
    const path = join(root, 'node_modules', name);
    if (await exists(path)) continue;
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    await link.toOwn(join(root, folder), path);
  }
  if (await areSatisfied(workspaces, root)) return 'linked';
  await installIn(context, root);
  return 'installed';
}

/**
 * Installs what the `package.json` of a folder names.
 * @throws QbtcError INSTALL_FAILED with the last lines of npm
 */
export async function installIn(
  context: Pick<Context, 'exec' | 'interrupted'>,
  folder: string,
): Promise<void> {
  await runNpm(context, folder, ['install', '--prefer-offline'], `run "npm install" in ${folder}`);
}

/** Whether each package of the stack finds what it depends on, in a version that it takes. */
async function areSatisfied(workspaces: readonly Workspace[], root: string): Promise<boolean> {
  const own = new Set(workspaces.map(({ name }) => name));
  const wanted = workspaces.flatMap(({ folder, versions }) =>
    Object.entries(versions)
      .filter(([dependency]) => !own.has(dependency))
      .map(([dependency, range]) => ({ folder, dependency, range })),
  );
  const satisfied = await Promise.all(
    wanted.map(async ({ folder, dependency, range }) => {
      const version =
        (await versionIn(join(root, folder), dependency)) ?? (await versionIn(root, dependency));
      if (version === undefined) return false;
      // What is no range (a tag, an address) only npm can tell.
      return semver.validRange(range) === null || semver.satisfies(version, range);
    }),
  );
  return satisfied.every(Boolean);
}

async function versionIn(folder: string, dependency: string): Promise<string | undefined> {
  const file = join(folder, 'node_modules', dependency, 'package.json');
  try {
    const { version } = JSON.parse(await readTextFile(file)) as { version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

export interface ReuseOptions {
  /** The stack; its own packages are linked from here. */
  root: string;
  /** Where the stack will stand in the end, when it is built somewhere else. */
  finalRoot: string;
  /** The `node_modules` of an existing checkout. */
  reuseFrom: string;
  platform: NodeJS.Platform;
}

/**
 * Builds `node_modules` out of links into that of an existing checkout, without network and in milliseconds.
 * The folders in which npm itself would write (the top one, scopes, `.bin`) are real, so that a later `npm install`
 * never changes the checkout.
 * @throws QbtcError REUSE_IMPOSSIBLE when the checkout lacks what the stack's packages depend on
 */
export async function installByReuse(options: ReuseOptions): Promise<void> {
  const { root, reuseFrom } = options;
  const workspaces = await workspacesOf(root);
  const own = new Set(workspaces.map(({ name }) => name));
  const link = linker(options);

  const target = join(root, 'node_modules');
  await linkEntries(reuseFrom, target, own, link);
  for (const { name, folder } of workspaces) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await link.toOwn(join(root, folder), join(target, name));
    await linkNested(name, join(root, folder), options, link);
  }
  await checkDependencies(workspaces, root, reuseFrom);
}

/** The two ways to make a link. */
interface Linker {
  toCheckout(existing: string, path: string): Promise<void>;
  toOwn(existing: string, path: string): Promise<void>;
}

function linker({ root, finalRoot, platform }: ReuseOptions): Linker {
  // Windows asks for rights for symbolic links but not for junctions, and those are absolute.
  const junctions = platform === 'win32';
  return {
    async toCheckout(existing, path) {
      if (!junctions) await symlink(existing, path);
      else if ((await stat(existing)).isDirectory()) await symlink(existing, path, 'junction');
      // A shim of `.bin` finds its package by a relative path, so a copy of it works too.
      else await copyFile(existing, path);
    },
    async toOwn(existing, path) {
      if (junctions) await symlink(resolve(finalRoot, relative(root, existing)), path, 'junction');
      else await symlink(relative(dirname(path), existing), path);
    },
  };
}

/** Links what stands in a `node_modules`, one by one; scopes and `.bin` become real folders of links. */
async function linkEntries(from: string, to: string, own: ReadonlySet<string>, link: Linker): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await namesIn(from)) {
    if (name === '.bin' || name.startsWith('@')) {
      await mkdir(join(to, name), { recursive: true });
      for (const inner of await namesIn(join(from, name))) {
        if (own.has(`${name}/${inner}`)) continue;
        await link.toCheckout(join(from, name, inner), join(to, name, inner));
      }
      // Other dot entries are what npm and tools note down for themselves.
    } else if (!name.startsWith('.') && !own.has(name)) {
      await link.toCheckout(join(from, name), join(to, name));
    }
  }
}

/** npm puts a version that differs from the common one into the `node_modules` of the workspace that needs it. */
async function linkNested(
  name: string,
  folder: string,
  { reuseFrom }: ReuseOptions,
  link: Linker,
): Promise<void> {
  const original = await realpath(join(reuseFrom, name)).catch(() => undefined);
  if (original === undefined || !(await exists(join(original, 'node_modules')))) return;
  await linkEntries(join(original, 'node_modules'), join(folder, 'node_modules'), new Set(), link);
}

async function checkDependencies(
  workspaces: readonly Workspace[],
  root: string,
  reuseFrom: string,
): Promise<void> {
  const missing: string[] = [];
  const own = new Set(workspaces.map(({ name }) => name));
  for (const { name, folder, dependencies } of workspaces) {
    for (const dependency of dependencies) {
      // A link to one of our own may point to where the stack will stand only later.
      if (own.has(dependency)) continue;
      const nested = await exists(join(root, folder, 'node_modules', dependency));
      if (!nested && !(await exists(join(root, 'node_modules', dependency)))) {
        missing.push(`${name} needs ${dependency}`);
      }
    }
  }
  if (missing.length === 0) return;
  throw new QbtcError('REUSE_IMPOSSIBLE', `${reuseFrom} does not hold all packages of the stack`, {
    details: missing,
    hint: 'Run "npm ci" in the checkout of qbtc, or make the stack with packages of its own: qbtc new NAME',
  });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    throw new QbtcError('REUSE_IMPOSSIBLE', `There are no installed packages in ${folder}`, {
      hint: 'Run "npm ci" in the checkout of qbtc first.',
      cause: error,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
