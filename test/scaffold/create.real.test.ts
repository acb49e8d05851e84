import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { loadStack } from '../../src/config/load.ts';
import type { Context } from '../../src/context.ts';
import { CREATE_STEPS, type CreateOptions, createStack } from '../../src/scaffold/create.ts';
import { installInClone } from '../../src/scaffold/install.ts';
import { createExec } from '../../src/system/exec.ts';
import { TEMPLATE_FILE } from '../config/sample.ts';
import { quietContext } from '../support/quiet-context.ts';
import {
  COPIED,
  makeCheckout,
  makeGatewayFolder,
  makeTemplate,
  readJson,
  STACK_YAML,
  temporaryFolder,
  treeOf,
  writeTree,
} from './sample.ts';

const run = promisify(execFile);
const exec = createExec();

/** An identity of the test's own: the machine's configuration of git decides nothing. */
const IDENTITY = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};
const NOBODY = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  // Otherwise git makes an identity up out of account and host name on some machines.
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'user.useConfigOnly',
  GIT_CONFIG_VALUE_0: 'true',
};

type World = Pick<Context, 'exec' | 'env' | 'interrupted'>;

const world = (changes: Partial<World> = {}): World => ({
  exec,
  env: { ...process.env, ...IDENTITY },
  interrupted: new AbortController().signal,
  ...changes,
});

let folder: string;
let options: CreateOptions;
beforeEach(async () => {
  folder = await temporaryFolder();
  options = {
    target: join(folder, 'acme'),
    name: 'acme',
    version: '0.1.0',
    portBase: 1000,
    install: 'none',
    git: false,
    templateFolder: await makeTemplate(folder),
    gatewayFolder: await makeGatewayFolder(folder),
    onStep: () => {},
  };
});

/** What stands beside the folders that are copied: nothing else may be left after a failure. */
const beside = async () =>
  (await readdir(folder)).filter((name) => name !== 'template' && name !== 'gateway').sort();

const git = async (...args: string[]) =>
  (await run('git', ['-C', options.target, ...args], { env: { ...process.env, ...IDENTITY } })).stdout.trim();

describe('a new stack', () => {
  test('is the template with its own name, ports and secrets', async () => {
    const steps: string[] = [];
    const made = await createStack(world(), { ...options, onStep: (step) => steps.push(step) });
    expect(made).toEqual({
      root: options.target,
      name: 'acme',
      portBase: 1000,
      committed: false,
      installed: false,
      notices: [],
    });
    expect(steps).toEqual(['copy', 'ports', 'secrets']);
    expect(await treeOf(options.target)).toEqual(COPIED);
    expect(await beside()).toEqual(['acme']);
    expect(await readFile(join(options.target, 'qbtc.yaml'), 'utf8')).toBe(
      STACK_YAML.replace('name: stack', 'name: acme').replace('base: 0', 'base: 1000'),
    );
    expect(await readJson(join(options.target, 'package.json'))).toHaveProperty('name', 'acme');
    expect(await readJson(join(options.target, 'package-lock.json'))).toMatchObject({
      name: 'acme',
      packages: { '': { name: 'acme' } },
    });
    const secrets = (await readJson(join(options.target, '.qbtc/secrets.json'))) as Record<string, string>;
    expect(Object.keys(secrets)).toEqual(['$sha256', 'api-key', 'broker-password']);
    expect(JSON.stringify(secrets)).not.toContain("template's own");

    const file = join(options.target, 'qbtc.yaml');
    const stack = await loadStack({ file, env: {}, secrets, qbtcVersion: '0.1.0' });
    expect(stack).toMatchObject({ name: 'acme', portBase: 1000, services: [{ port: 29_000 }] });
  });

  test.skipIf(process.platform === 'win32')(
    'has the rights that the umask gives, also from a read-only template',
    async () => {
      await chmod(join(options.templateFolder, 'qbtc.yaml'), 0o444);
      const usual = join(folder, 'usual');
      await mkdir(usual);
      await createStack(world(), options);
      expect((await stat(options.target)).mode).toBe((await stat(usual)).mode);
      expect((await stat(join(options.target, 'qbtc.yaml'))).mode & 0o200).toBe(0o200);
      expect((await stat(join(options.target, '.qbtc/secrets.json'))).mode & 0o777).toBe(0o600);
    },
  );

  test('two of them share no secret', async () => {
    await createStack(world(), options);
    await createStack(world(), { ...options, target: join(folder, 'other') });
    const read = (name: string) => readFile(join(folder, name, '.qbtc/secrets.json'), 'utf8');
    expect(await read('acme')).not.toBe(await read('other'));
  });

  test('goes to the next port base when a port is held, a replica among them', async () => {
    const server = createServer().listen(28_001, '127.0.0.1');
    onTestFinished(() => void server.close());
    await Promise.race([once(server, 'listening'), once(server, 'error')]);
    const { portBase: _, ...free } = options;
    expect((await createStack(world(), free)).portBase).toBeGreaterThanOrEqual(1000);
  });

  test('fills an empty folder that is there already, and folders above it that are not', async () => {
    await mkdir(options.target);
    const before = await stat(options.target);
    await createStack(world(), options);
    // The same folder: somebody may have a shell in it.
    expect((await stat(options.target)).ino).toBe(before.ino);
    expect(await treeOf(options.target)).toEqual(COPIED);

    const deep = join(folder, 'a', 'b', 'c');
    await createStack(world(), { ...options, target: deep });
    expect(await treeOf(deep)).toEqual(COPIED);
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['c']);
  });

  test("of the project's own template loads, and finds its packages in this checkout", async () => {
    const templateFolder = join(TEMPLATE_FILE, '..');
    const reuseFrom = join(templateFolder, '../../node_modules');
    const gatewayFolder = join(templateFolder, '../../apisix_conf');
    // At 1000 the gateway would be on 10080, which browsers refuse.
    const own = { templateFolder, gatewayFolder, portBase: 2000 };
    await createStack(world(), { ...options, ...own, install: 'reuse', reuseFrom });
    expect(await readFile(join(options.target, 'infrastructure/apisix_conf/config.yaml'), 'utf8')).toBe(
      await readFile(join(gatewayFolder, 'config.yaml'), 'utf8'),
    );
    const secrets = (await readJson(join(options.target, '.qbtc/secrets.json'))) as Record<string, string>;
    const file = join(options.target, 'qbtc.yaml');
    const stack = await loadStack({ file, env: {}, secrets, qbtcVersion: '0.1.0' });
    expect(stack.name).toBe('acme');
    expect(stack.portBase).toBe(2000);
    for (const service of stack.services) {
      const { dependencies } = (await readJson(join(service.path, 'package.json'))) as {
        dependencies: Record<string, string>;
      };
      const { resolve } = createRequire(join(service.path, 'package.json'));
      for (const name of Object.keys(dependencies)) {
        const places = resolve.paths(name)?.map((place) => join(place, name, 'package.json')) ?? [];
        const found = await Promise.all(
          places.map((place) =>
            stat(place).then(
              () => true,
              () => false,
            ),
          ),
        );
        expect(found, name).toContain(true);
      }
    }
  });
});

describe('refusals', () => {
  test('a folder with something in it stays as it is', async () => {
    await writeTree(options.target, { 'thesis.txt': 'mine', 'sub/x': '' });
    await expect(createStack(world(), options)).rejects.toMatchObject({
      code: 'FOLDER_NOT_EMPTY',
      exit: 64,
      details: ['sub', 'thesis.txt'],
      hint: expect.stringMatching(/\S/),
    });
    expect(await treeOf(options.target)).toEqual(['sub/x', 'thesis.txt']);
    expect(await beside()).toEqual(['acme']);
  });

  test('a file in its place, and a file in place of a folder above it', async () => {
    await writeFile(options.target, 'mine');
    await expect(createStack(world(), options)).rejects.toMatchObject({ name: 'QbtcError' });
    const below = join(options.target, 'below');
    await expect(createStack(world(), { ...options, target: below })).rejects.toMatchObject({
      code: 'FOLDER_NOT_WRITABLE',
    });
    expect(await readFile(options.target, 'utf8')).toBe('mine');
  });

  test.each(['My Shop', 'ACME', 'größe'])('the name "%s"', async (name) => {
    await expect(createStack(world(), { ...options, name })).rejects.toMatchObject({ code: 'NAME_INVALID' });
    expect(await beside()).toEqual([]);
  });
});

describe('git', () => {
  test('makes a first commit without secrets and packages', async () => {
    const made = await createStack(world(), { ...options, git: true });
    expect(made).toMatchObject({ committed: true, notices: [] });
    expect(await git('log', '--format=%an <%ae>')).toBe('Ada <ada@example.com>');
    expect(await git('status', '--porcelain')).toBe('');
    expect((await git('ls-files')).split('\n')).toEqual(COPIED.filter((name) => !name.startsWith('.qbtc')));
    expect(await git('config', '--get-all', 'core.worktree').catch(() => 'none')).toBe('none');
  });

  test('without an identity commits as qbtc, and says so', async () => {
    const made = await createStack(world({ env: NOBODY }), { ...options, git: true });
    expect(made.committed).toBe(true);
    expect(made.notices).toEqual([expect.stringContaining('qbtc@localhost')]);
    expect(await git('log', '--format=%an <%ae>')).toBe('qbtc <qbtc@localhost>');
  });

  test('that is not installed is a notice', async () => {
    const env = { PATH: join(folder, 'nowhere') };
    const made = await createStack(world({ env }), { ...options, git: true });
    expect(made).toMatchObject({
      committed: false,
      notices: ['No git repository was made: git is not installed'],
    });
    expect(await treeOf(options.target)).toEqual(COPIED);
  });

  test('that fails is a notice, and leaves no half repository', async () => {
    const env = { ...process.env, ...IDENTITY, GIT_AUTHOR_DATE: 'never' };
    const made = await createStack(world({ env }), { ...options, git: true });
    expect(made.committed).toBe(false);
    expect(made.notices).toEqual([expect.stringContaining('No git repository was made: ')]);
    await expect(stat(join(options.target, '.git'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('inside another work tree makes a repository of its own, whatever a hook has set', async () => {
    await run('git', ['init', '--quiet', folder]);
    const env = { ...process.env, ...IDENTITY, GIT_DIR: join(folder, '.git'), GIT_INDEX_FILE: 'elsewhere' };
    await createStack(world({ env }), { ...options, git: true });
    expect(await git('rev-parse', '--show-toplevel')).toBe(options.target);
    expect((await run('git', ['-C', folder, 'status', '--porcelain'])).stdout).not.toContain('A ');
  });

  test('is not stopped by hooks and signatures of the user', async () => {
    const hooks = join(folder, 'hooks');
    await writeTree(hooks, { 'pre-commit': '#!/bin/sh\nexit 1\n' });
    await chmod(join(hooks, 'pre-commit'), 0o755);
    const config = join(folder, 'gitconfig');
    await writeFile(config, `[core]\n\thooksPath = "${hooks}"\n[commit]\n\tgpgsign = true\n`);
    const env = { ...process.env, ...IDENTITY, GIT_CONFIG_GLOBAL: config };
    const made = await createStack(world({ env }), { ...options, git: true });
    expect(made).toMatchObject({ committed: true, notices: [] });
  });
});

const runService = async () =>
  (await run(process.execPath, ['services/api/main.js'], { cwd: options.target })).stdout.trim();

describe('installing from the lock file', () => {
  test('links the packages of the stack itself', async () => {
    await writeTree(options.templateFolder, {
      'packages/runtime/package.json': '{"name":"@stack/runtime","version":"1.0.0","type":"module"}',
      'services/api/package.json':
        '{"name":"@stack/api","version":"1.0.0","type":"module","dependencies":{"@stack/runtime":"*"}}',
    });
    const made = await createStack(world(), { ...options, install: 'ci', git: true });
    expect(made.installed).toBe(true);
    expect(await runService()).toBe('hello');
    expect(await git('status', '--porcelain')).toBe('');
    expect(await beside()).toEqual(['acme']);
  });

  test('installs those of a clone that has none, once, and of what qbtc new has made alone', async () => {
    await createStack(world(), { ...options, git: true });
    const clone = join(folder, 'clone');
    await run('git', ['clone', '--quiet', options.target, clone]);
    const context = { ...quietContext(), exec: offline };
    await installInClone(context, clone);
    await installInClone(context, clone);
    expect(context.said).toEqual([expect.stringMatching(/^… packages: npm ci/), '✔ packages: installed']);
    expect(await readlink(join(clone, 'node_modules/@stack/api'))).toBe('../../services/api');

    await rm(join(clone, 'node_modules'), { recursive: true });
    await rm(join(clone, 'qbtc.template.json'));
    await installInClone(context, clone);
    expect(await readdir(clone)).not.toContain('node_modules');
  });

  test('that fails shows what npm said and leaves nothing', async () => {
    // A lock file that does not know a dependency: npm refuses before it asks any registry.
    await writeTree(options.templateFolder, {
      'services/api/package.json':
        '{"name":"@stack/api","version":"1.0.0","dependencies":{"a-package-that-the-lock-lacks":"1.0.0"}}',
    });
    for (const platform of ['linux', 'win32'] as const) {
      const failing = { ...options, install: 'ci', git: true, platform } as const;
      const error = await createStack(world({ exec: offline }), failing).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'INSTALL_FAILED', exit: 1 });
      expect((error as { details: string[] }).details.join('\n')).toContain('a-package-that-the-lock-lacks');
      expect(await beside()).toEqual([]);
    }
  });

  test('without npm says so', async () => {
    const without: Context['exec'] = (program, args, rest) =>
      exec(program === 'npm' ? join(folder, 'no-such-npm') : program, args, rest);
    await expect(createStack(world({ exec: without }), { ...options, install: 'ci' })).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringContaining('npm is not on the PATH'),
    });
    expect(await beside()).toEqual([]);
  });
});

/** npm that fails at once instead of trying again, should it want the network. */
const offline: Context['exec'] = (program, args, rest) =>
  exec(program, program === 'npm' ? [...args, '--offline'] : args, rest);

describe('reusing the packages of a checkout', () => {
  let reuseFrom: string;
  beforeEach(async () => {
    await writeTree(options.templateFolder, {
      'packages/runtime/package.json': '{"name":"@stack/runtime","version":"1.0.0","type":"module"}',
      'services/api/package.json':
        '{"name":"@stack/api","version":"1.0.0","type":"module","dependencies":{"@stack/runtime":"*","library":"1"}}',
    });
    reuseFrom = await makeCheckout(folder, options.templateFolder);
    options = { ...options, install: 'reuse', reuseFrom };
  });

  test('links what others wrote to the checkout, and what is its own to itself', async () => {
    const made = await createStack(world(), options);
    expect(made.installed).toBe(true);
    const modules = join(options.target, 'node_modules');
    expect((await readdir(modules)).sort()).toEqual(['.bin', '@scope', '@stack', 'library']);
    expect(await readlink(join(modules, 'library'))).toBe(join(reuseFrom, 'library'));
    expect(await readlink(join(modules, '@scope/tool'))).toBe(join(reuseFrom, '@scope/tool'));
    for (const real of ['', '.bin', '@scope', '@stack']) {
      expect((await lstat(join(modules, real))).isSymbolicLink()).toBe(false);
    }
    expect(await readlink(join(modules, '@stack/runtime'))).toBe('../../packages/runtime');

    // Its own package, not the template's.
    await writeFile(join(options.target, 'packages/runtime/hello.js'), "export const hello = 'changed';\n");
    expect(await runService()).toBe('changed');
  });

  test('on Windows works where the stack stays, as junctions are absolute', async () => {
    await createStack(world(), { ...options, platform: 'win32' });
    const own = join(options.target, 'node_modules/@stack/runtime');
    expect(await readlink(own)).toBe(join(options.target, 'packages/runtime'));
    expect((await lstat(join(options.target, 'node_modules/.bin/tool'))).isFile()).toBe(true);
    expect(await runService()).toBe('hello');
    expect(await beside()).toEqual(['acme', 'checkout']);
  });

  test('takes over the version that one package has for itself', async () => {
    await writeTree(join(options.templateFolder, 'services/api/node_modules/library'), {
      'package.json': '{"name":"library","version":"2.0.0","main":"index.js"}',
      'index.js': "module.exports = 'its own one';\n",
    });
    await writeTree(options.templateFolder, {
      'services/api/main.js': "import library from 'library';\nconsole.log(library);\n",
    });
    await createStack(world(), options);
    expect(await runService()).toBe('its own one');
  });

  test('refuses a checkout that lacks a package, by name', async () => {
    await rm(join(reuseFrom, 'library'), { recursive: true });
    await expect(createStack(world(), options)).rejects.toMatchObject({
      code: 'REUSE_IMPOSSIBLE',
      details: ['@stack/api needs library'],
    });
    await expect(createStack(world(), { ...options, reuseFrom: join(folder, 'none') })).rejects.toMatchObject(
      {
        code: 'REUSE_IMPOSSIBLE',
        hint: expect.stringContaining('npm ci'),
      },
    );
    expect(await beside()).toEqual(['checkout']);
  });

  test('changes nothing in the checkout when npm is used in the stack later', async () => {
    await createStack(world(), options);
    const before = await readdir(reuseFrom, { recursive: true });
    await writeFile(join(options.target, 'node_modules/.package-lock.json'), 'npm was here');
    await rm(join(options.target, 'node_modules'), { recursive: true });
    expect(await readdir(reuseFrom, { recursive: true })).toEqual(before);
    expect(await readFile(join(reuseFrom, '.package-lock.json'), 'utf8')).toBe('{}');
  });
});

describe('an interruption', () => {
  test.each(CREATE_STEPS)('at "%s" leaves nothing', async (at) => {
    for (const existing of [false, true]) {
      if (existing) await mkdir(options.target);
      const controller = new AbortController();
      const attempt = createStack(world({ interrupted: controller.signal }), {
        ...options,
        install: 'ci',
        git: true,
        onStep: (step) => step === at && controller.abort(),
      });
      await expect(attempt).rejects.toMatchObject({ code: 'INTERRUPTED', exit: 130 });
      expect(await beside()).toEqual(existing ? ['acme'] : []);
      if (existing) expect(await readdir(options.target)).toEqual([]);
    }
  });

  test('ends npm when it hangs', async () => {
    const controller = new AbortController();
    let pid: number | undefined;
    // A program in place of npm that would never end by itself.
    const hanging: Context['exec'] = async (program, args, rest) => {
      if (program !== 'npm') return exec(program, args, rest);
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
        signal: rest?.signal,
      });
      pid = child.pid;
      child.on('error', () => {});
      child.once('spawn', () => controller.abort());
      await once(child, 'close');
      return { exitCode: 1, stdout: '', stderr: '', notFound: false, timedOut: false };
    };
    const attempt = createStack(world({ exec: hanging, interrupted: controller.signal }), {
      ...options,
      install: 'ci',
    });
    await expect(attempt).rejects.toMatchObject({ code: 'INTERRUPTED' });
    // It is told to end, and does so a moment later.
    const runs = () => {
      try {
        return process.kill(pid ?? 0, 0);
      } catch {
        return false;
      }
    };
    await expect.poll(runs).toBe(false);
    expect(await beside()).toEqual([]);
  });
});

test('what fails in the middle leaves an empty folder empty, and folders above as they were', async () => {
  await symlink(join(folder, 'nowhere'), join(options.templateFolder, 'broken'));
  await writeFile(join(options.templateFolder, 'package.json'), '{');
  await mkdir(options.target);
  await expect(createStack(world(), options)).rejects.toMatchObject({ code: 'NEW_FAILED' });
  expect(await readdir(options.target)).toEqual([]);

  const deep = join(folder, 'x', 'y', 'z');
  await expect(createStack(world(), { ...options, target: deep })).rejects.toMatchObject({
    code: 'NEW_FAILED',
  });
  expect(await beside()).toEqual(['acme']);
});
