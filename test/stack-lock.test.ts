import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { glob } from 'tinyglobby';
import { expect, test } from 'vitest';
import { CHECKOUT } from './support/qbtc.ts';

interface Lock {
  packages: Record<
    string,
    { version?: string; resolved?: string; dependencies?: Record<string, string>; link?: boolean }
  >;
}

const FOLDERS = ['templates/stack', 'templates/addons/trading'];

const readJson = async (path: string) => JSON.parse(await readFile(join(CHECKOUT, path), 'utf8')) as unknown;

test("the stack's own lock file agrees with what is tested here", async () => {
  const root = (await readJson('package-lock.json')) as Lock;
  const stack = (await readJson('templates/stack/package-lock.json')) as Lock;
  const different = Object.entries(stack.packages).flatMap(([path, { version }]) => {
    const ours = root.packages[path]?.version;
    return path.startsWith('node_modules/') && ours !== undefined && ours !== version
      ? [`${path}: ${version} in templates/stack, ${ours} here`]
      : [];
  });
  expect(different, 'npm run stack:lock').toEqual([]);
});

test.each(FOLDERS)('the lock file of %s knows every dependency of its packages', async (folder) => {
  const { packages } = (await readJson(`${folder}/package-lock.json`)) as Lock;
  const manifests = await glob('{packages,services,tools}/*/package.json', { cwd: join(CHECKOUT, folder) });
  expect(manifests.length).toBeGreaterThanOrEqual(3);
  for (const manifest of manifests) {
    const { dependencies = {} } = (await readJson(`${folder}/${manifest}`)) as Lock['packages'][string];
    const path = dirname(manifest);
    expect(packages[path]?.dependencies ?? {}, `${path}: npm run stack:lock`).toEqual(dependencies);
  }
});

test('an add-on brings only what the core does not have', async () => {
  const [core, addon] = (await Promise.all(
    FOLDERS.map((folder) => readJson(`${folder}/package-lock.json`)),
  )) as [Lock, Lock];
  expect(Object.keys(addon.packages).filter((name) => name in core.packages)).toEqual([]);
});

test.each([
  'package-lock.json',
  ...FOLDERS.map((folder) => `${folder}/package-lock.json`),
])('%s names no registry', async (file) => {
  const { packages } = (await readJson(file)) as Lock;
  expect(Object.values(packages).filter(({ resolved }) => resolved?.includes('://'))).toEqual([]);
});
