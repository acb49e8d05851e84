import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder with a space and a letter that is not ASCII in its path; removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'qbtc new é ')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function writeTree(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

/** Every file and link below the folder, sorted, without what git and npm keep for themselves. */
export async function treeOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((name) => !name.startsWith('.git/') && !name.startsWith('node_modules/'))
    .sort();
}

export async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}

/** Ports that nothing is likely to hold: the tests fix the base anyway where they do not ask for a free one. */
export const STACK_YAML = `# A comment at the top
version: 1
name: stack # the name
ports:
  # Added to every port
  base: 0
secrets: [api-key]
infrastructure:
  broker: { kind: rabbitmq, port: 25672, management_port: 25673 }
services:
  api: { path: services/api, entry: main.js, port: 28000, replicas: 2 }
`;

const PACKAGES = {
  'package.json': { name: 'stack', private: true, workspaces: ['packages/*', 'services/*'] },
  'packages/runtime/package.json': { name: '@stack/runtime', version: '1.0.0' },
  'services/api/package.json': {
    name: '@stack/api',
    version: '1.0.0',
    dependencies: { '@stack/runtime': '*' },
  },
};

/** As npm writes it for these packages, which need nothing from a registry. */
const LOCK = {
  name: 'stack',
  lockfileVersion: 3,
  requires: true,
  packages: {
    '': { name: 'stack', workspaces: ['packages/*', 'services/*'] },
    'node_modules/@stack/api': { resolved: 'services/api', link: true },
    'node_modules/@stack/runtime': { resolved: 'packages/runtime', link: true },
    'packages/runtime': { name: '@stack/runtime', version: '1.0.0' },
    'services/api': { name: '@stack/api', version: '1.0.0', dependencies: { '@stack/runtime': '*' } },
  },
};

/** A small template with all that a template may hold, and with what must never be copied out of it. */
export async function makeTemplate(parent: string): Promise<string> {
  const root = join(parent, 'template');
  await writeTree(root, {
    'qbtc.yaml': STACK_YAML,
    ...Object.fromEntries(
      Object.entries(PACKAGES).map(([name, value]) => [name, `${JSON.stringify(value, null, 2)}\n`]),
    ),
    'package-lock.json': `${JSON.stringify(LOCK, null, 2)}\n`,
    _gitignore: 'node_modules/\n.qbtc/\n',
    '.editorconfig': 'root = true\n',
    'services/api/main.js': "import { hello } from '@stack/runtime/hello.js';\nconsole.log(hello);\n",
    'packages/runtime/hello.js': "export const hello = 'hello';\n",
    'packages/runtime/dist/old.js': '',
    'node_modules/left/index.js': '',
    'services/api/node_modules/left/index.js': '',
    '.qbtc/secrets.json': '{"api-key":"the template\'s own"}',
    'coverage/index.html': '',
    'debug.log': '',
    '.env': 'X=1\n',
  });
  return root;
}

/** As `apisix_conf` of the project: beside the templates, not in one. */
export async function makeGatewayFolder(parent: string): Promise<string> {
  const root = join(parent, 'gateway');
  await writeTree(root, { 'config.yaml': 'deployment: {}\n', 'README.md': '# apisix_conf\n' });
  return root;
}

export const COPIED = [
  '.editorconfig',
  '.gitignore',
  '.qbtc/.gitignore',
  '.qbtc/secrets.json',
  'infrastructure/apisix_conf/README.md',
  'infrastructure/apisix_conf/config.yaml',
  'package-lock.json',
  'package.json',
  'packages/runtime/hello.js',
  'packages/runtime/package.json',
  'qbtc.template.br',
  'qbtc.template.json',
  'qbtc.yaml',
  'services/api/main.js',
  'services/api/package.json',
];

/**
 * The `node_modules` of a checkout in which the template's packages are installed: a library, a scoped one, a program,
 * one that only a workspace has, and links to the template's own packages.
 */
export async function makeCheckout(parent: string, template: string): Promise<string> {
  const modules = join(parent, 'checkout', 'node_modules');
  await writeTree(modules, {
    'library/package.json': '{"name":"library","version":"1.0.0","main":"index.js"}',
    'library/index.js': "module.exports = 'the common one';\n",
    '@scope/tool/package.json': '{"name":"@scope/tool","version":"1.0.0"}',
    '.bin/tool': '#!/bin/sh\n',
    '.package-lock.json': '{}',
  });
  await mkdir(join(modules, '@stack'));
  await symlink(join(template, 'packages/runtime'), join(modules, '@stack/runtime'));
  await symlink(join(template, 'services/api'), join(modules, '@stack/api'));
  return modules;
}
