import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKOUT } from './support/qbtc.ts';

interface Lock {
  packages: Record<
    string,
    { version?: string; resolved?: string; dependencies?: Record<string, string>; link?: boolean }
  >;
}

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

test("the stack's own lock file knows every dependency of its packages", async () => {
  const stack = (await readJson('templates/stack/package-lock.json')) as Lock;
  const workspaces = Object.keys(stack.packages).filter((path) => /^(packages|services)\//.test(path));
  expect(workspaces.length).toBeGreaterThanOrEqual(4);
  for (const path of workspaces) {
    const manifest = (await readJson(`templates/stack/${path}/package.json`)) as Lock['packages'][string];
    expect(stack.packages[path]?.dependencies ?? {}, `${path}: npm run stack:lock`).toEqual(
      manifest.dependencies ?? {},
    );
  }
});

test.each([
  'package-lock.json',
  'templates/stack/package-lock.json',
])('%s names no registry', async (file) => {
  const { packages } = (await readJson(file)) as Lock;
  expect(Object.values(packages).filter(({ resolved }) => resolved?.includes('://'))).toEqual([]);
});
