import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKOUT } from './support/qbtc.ts';

const read = async <Shape>(name: string) => JSON.parse(await readFile(join(CHECKOUT, name), 'utf8')) as Shape;

interface Manifest {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
}

test('whether a package may run a script as it is installed is said of each that has one', async () => {
  const [{ allowScripts }, { packages }] = await Promise.all([
    read<Manifest>('package.json'),
    read<{ packages: Record<string, { hasInstallScript?: boolean }> }>('package-lock.json'),
  ]);
  const named = Object.entries(packages)
    .filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript === true)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
  expect(named.filter((name) => allowScripts[name] === undefined)).toEqual([]);
  expect(Object.keys(allowScripts).filter((name) => !named.includes(name))).toEqual([]);
});

test('the package itself has none: what is published is built', async () => {
  const { scripts } = await read<Manifest>('package.json');
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
    expect(scripts[name]).toBeUndefined();
  expect(scripts.dependencies).toBe('npm run build');
});
