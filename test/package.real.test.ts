import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
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

test('what `npm pack` makes holds the templates whole, can be installed, and makes the same stack', async () => {
  const folder = await temporaryFolder('qbtc-pack-');
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: CHECKOUT,
  });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  const tarball = join(folder, packed?.filename ?? '');

  // As `npm install -g` would: into a prefix of its own.
  const prefix = join(folder, 'prefix');
  await mkdir(prefix);
  await run('npm', ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', tarball], {
    timeout: 240_000,
  });
  const installed = join(prefix, process.platform === 'win32' ? 'node_modules' : 'lib/node_modules', 'qbtc');
  for (const folder of ['templates/stack', 'templates/addons'])
    expect((await filesOf(join(installed, folder))).sort()).toEqual(tracked(folder).sort());

  const program = join(prefix, process.platform === 'win32' ? 'qbtc.cmd' : 'bin/qbtc');
  const { version } = JSON.parse(await readFile(join(CHECKOUT, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect((await run(program, ['--version'])).stdout.trim()).toBe(version);
  await run(program, ['new', join(folder, 'acme'), '--yes', '--no-install', '--no-git'], { cwd: folder });
  const made = await filesOf(join(folder, 'acme'));
  expect(made).toEqual(
    expect.arrayContaining(['qbtc.yaml', '.gitignore', '.editorconfig', 'package-lock.json']),
  );
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
