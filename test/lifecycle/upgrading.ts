import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Context } from '../../src/context.ts';
import { createStack } from '../../src/scaffold/create.ts';
import { makeGatewayFolder, makeTemplate, temporaryFolder, treeOf } from '../scaffold/sample.ts';
import { quietContext } from '../support/quiet-context.ts';

const run = promisify(execFile);

/** Git with an identity of the test's own: the machine's configuration decides nothing. */
export const IDENTITY = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

export const NUMBERED = Array.from({ length: 12 }, (_, index) => `export const line${index} = ${index};`);

/** A qbtc with a small template, and a stack that it has made. */
export interface Sample {
  folder: string;
  /** Where the template stands. */
  template: string;
  installation: string;
  root: string;
  context(version?: string): Context & { said: string[] };
  git(...args: string[]): Promise<string>;
  /** Writes files below the stack, or below the template; `undefined` removes one. */
  edit(files: Record<string, string | undefined>): Promise<void>;
  editTemplate(files: Record<string, string | undefined>): Promise<void>;
  read(path: string): Promise<string>;
  files(): Promise<Record<string, string>>;
}

export async function makeSample(options: { git?: boolean; addon?: boolean } = {}): Promise<Sample> {
  const folder = await temporaryFolder();
  const installation = join(folder, 'installation');
  const template = join(installation, 'templates', 'stack');
  await mkdir(dirname(template), { recursive: true });
  await cp(await makeTemplate(folder), template, { recursive: true });
  await rm(join(folder, 'template'), { recursive: true });
  await cp(await makeGatewayFolder(folder), join(installation, 'apisix_conf'), { recursive: true });
  await mkdir(join(installation, 'templates', 'addons'), { recursive: true });
  await write(template, {
    'services/api/long.js': `${NUMBERED.join('\n')}\n`,
    'services/api/other.js': 'export const other = 1;\n',
    'flows/plain.yaml': '# A flow\n',
    'notes.txt': 'one\ntwo\nthree\n',
  });
  if (options.addon === true)
    await write(join(installation, 'templates', 'addons', 'more'), {
      'addon.json': '{"description": "More"}',
      'package-lock.json': '{"packages":{"services/more":{"name":"@stack/more","version":"1.0.0"}}}',
      'services/more/main.js': 'more\n',
      'services/more/package.json': '{"name": "@stack/more", "version": "1.0.0"}\n',
    });
  const context = (version = '0.2.0') => {
    const quiet = quietContext();
    return {
      ...quiet,
      cwd: root,
      env: { ...process.env, ...IDENTITY },
      installation: { root: installation, version },
    };
  };
  const root = join(folder, 'acme');
  const { listAddons } = await import('../../src/scaffold/addons.ts');
  await createStack(context(), {
    target: root,
    name: 'acme',
    version: '0.1.0',
    portBase: 1000,
    install: 'none',
    git: options.git ?? false,
    templateFolder: template,
    addons: await listAddons(installation),
    gatewayFolder: join(installation, 'apisix_conf'),
    onStep() {},
  });
  return {
    folder,
    template,
    installation,
    root,
    context,
    git: async (...args) =>
      (await run('git', ['-C', root, ...args], { env: { ...process.env, ...IDENTITY } })).stdout.trim(),
    edit: (files) => write(root, files),
    editTemplate: (files) => write(template, files),
    read: (path) => readFile(join(root, path), 'utf8'),
    files: () => filesOf(root),
  };
}

/** Every file of a stack with its content, but for what is written of the template and in `.qbtc`. */
export async function filesOf(root: string): Promise<Record<string, string>> {
  const paths = (await treeOf(root)).filter((path) => !/^(\.qbtc\/|qbtc\.template\.)/.test(path));
  const texts = await Promise.all(paths.map((path) => readFile(join(root, path), 'utf8')));
  return Object.fromEntries(paths.map((path, index) => [path, texts[index] ?? '']));
}

async function write(root: string, files: Record<string, string | undefined>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) await rm(join(root, path), { force: true });
    else {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
  }
}

/** A template of later: a file of each kind of change. */
export async function changeTemplate({ editTemplate, template }: Sample): Promise<void> {
  const stack = await readFile(join(template, 'qbtc.yaml'), 'utf8');
  await editTemplate({
    'qbtc.yaml': stack.replace('secrets: [api-key]', 'secrets: [api-key, later-key]'),
    'services/api/main.js': "console.log('the template');\n",
    'services/api/long.js': undefined,
    'services/api/lines/long.js': `${NUMBERED.join('\n').replace('= 2;', "= 'the template';")}\n`,
    'services/api/other.js': undefined,
    'flows/plain.yaml': '# A flow of the template\n',
    'notes.txt': 'one\ntwo\nthree\nfour\n',
    'later/new.txt': 'new\n',
  });
}
