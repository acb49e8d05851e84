import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ABSENT, digestOf, Inputs } from '../../src/services/bundle-inputs.ts';
import { RECIPE } from '../../src/services/bundling.ts';
import {
  BUNDLE,
  findReadyMade,
  inputDigest,
  MANIFEST,
  type ReadyMadeManifest,
} from '../../src/services/ready-made.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const ENTRY = 'services/api/src/main.ts';
const FILES: Record<string, string> = {
  [ENTRY]: "import '@stack/common'; import 'left-pad';",
  'package.json': JSON.stringify({ name: 'template', type: 'module' }),
  'services/api/package.json': '{"name": "@stack/api"}',
  'packages/common/index.ts': 'export {};',
  'node_modules/left-pad/index.js': 'module.exports = 1;',
};

function write(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A stack, and what is ready-made of it. */
async function made(changes: Partial<ReadyMadeManifest> = {}) {
  const [root, folder] = [await temporaryFolder(), await temporaryFolder()];
  write(root, FILES);
  for (const scope of ['@stack', '@scope']) mkdirSync(join(root, 'node_modules', scope));
  symlinkSync(join('..', '..', 'packages', 'common'), join(root, 'node_modules', '@stack', 'common'));
  const inputs = new Inputs();
  const manifest: ReadyMadeManifest = {
    recipe: RECIPE,
    esbuild: '0.28.2',
    digest: digestOf('the bundle'),
    keepsCode: true,
    files: {
      ...Object.fromEntries(
        Object.keys(FILES).map((path) => [path, inputDigest(path, join(root, path), inputs)]),
      ),
      'tsconfig.json': ABSENT,
      'services/api/node_modules': ABSENT,
      'node_modules/@scope/package.json': ABSENT,
    },
    missing: ['supports-color'],
    links: { 'node_modules/@stack/common': 'packages/common' },
    ...changes,
  };
  write(join(folder, ENTRY), { [MANIFEST]: JSON.stringify(manifest), [BUNDLE]: 'the bundle' });
  const find = (entry = ENTRY) => findReadyMade(folder, root, entry, new Inputs());
  return { root, folder, find };
}

test('a stack that has the files of the template gets what was made of them', async () => {
  const { root, folder, find } = await made();
  expect(find()).toEqual({
    bundle: join(folder, ENTRY, BUNDLE),
    digest: digestOf('the bundle'),
    keepsCode: true,
    inputs: [
      ...Object.keys(FILES),
      'tsconfig.json',
      'services/api/node_modules',
      'node_modules/@scope/package.json',
    ],
  });
  // Its own name is what each stack gives itself.
  write(root, { 'package.json': JSON.stringify({ name: 'acme', type: 'module', version: '2.0.0' }) });
  expect(find()).toBeDefined();
});

test.each<[string, Record<string, string>]>([
  ['a file of its own', { 'packages/common/index.ts': 'export const x = 1;' }],
  ['a file of a package, of the same size', { 'node_modules/left-pad/index.js': 'module.exports = 2;' }],
  ['settings of its compiler that were not there', { 'tsconfig.json': '{}' }],
  [
    'what its manifest says to a bundler',
    { 'package.json': '{"name": "acme", "imports": {"#x": "./y.js"}}' },
  ],
  ['packages of its own for one service', { 'services/api/node_modules/left-pad/index.js': '' }],
])('%s makes a difference', async (_, files) => {
  const { root, find } = await made();
  write(root, files);
  expect(find()).toBeUndefined();
});

test('a file that is gone makes a difference', async () => {
  const { root, find } = await made();
  rmSync(join(root, 'packages', 'common', 'index.ts'));
  expect(find()).toBeUndefined();
});

test('packages that are links may all lead to one folder, and not to several', async () => {
  const { root, find } = await made();
  const other = await temporaryFolder();
  write(other, { 'node_modules/left-pad/index.js': 'module.exports = 1;' });
  rmSync(join(root, 'node_modules', 'left-pad'), { recursive: true });
  symlinkSync(join(other, 'node_modules', 'left-pad'), join(root, 'node_modules', 'left-pad'));
  expect(find()).toBeDefined();

  const further = await made({
    files: {
      'node_modules/left-pad/index.js': digestOf('module.exports = 1;'),
      'node_modules/right-pad/index.js': digestOf('1'),
    },
  });
  write(further.root, { 'node_modules/right-pad/index.js': '1' });
  expect(further.find()).toBeDefined();
  rmSync(join(further.root, 'node_modules', 'left-pad'), { recursive: true });
  symlinkSync(join(other, 'node_modules', 'left-pad'), join(further.root, 'node_modules', 'left-pad'));
  expect(further.find()).toBeUndefined();
});

test('a package that the bundle does without makes a difference where the stack installs it', async () => {
  const { root, find } = await made();
  write(root, { 'node_modules/supports-color/index.js': '' });
  expect(find()).toBeUndefined();
  // Links to a checkout bring along what that has installed for itself.
  write(root, { 'package-lock.json': '{"packages": {"node_modules/left-pad": {}}}' });
  expect(find()).toBeDefined();
  write(root, { 'package-lock.json': '{"packages": {"node_modules/supports-color": {}}}' });
  expect(find()).toBeUndefined();
});

test('a package of the stack that is found elsewhere makes a difference', async () => {
  const { root, find } = await made();
  rmSync(join(root, 'node_modules', '@stack', 'common'));
  write(root, { 'node_modules/@stack/common/index.ts': 'export {};' });
  expect(find()).toBeUndefined();
});

test('what is damaged, made in another way, or of another entry is not taken', async () => {
  const { folder, find } = await made();
  expect(find('services/api/src/other.ts')).toBeUndefined();
  expect(find(`../${ENTRY}`)).toBeUndefined();
  writeFileSync(join(folder, ENTRY, MANIFEST), '{"recipe": "');
  expect(find()).toBeUndefined();
  const earlier = await made({ recipe: 'of an earlier version' });
  expect(earlier.find()).toBeUndefined();
});

test('a lock file that is damaged leaves the bundle to esbuild', async () => {
  const { root, find } = await made();
  write(root, { 'package-lock.json': '{"packages": {' });
  expect(find()).toBeUndefined();
});
