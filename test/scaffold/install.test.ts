import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Exec } from '../../src/context.ts';
import { installAdded } from '../../src/scaffold/install.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

/** A stack with one package that takes `^2.0.0` of a library, and this version of it installed, if any. */
async function stackWith(installed: string | undefined): Promise<string> {
  const root = await temporaryFolder();
  const write = async (path: string, content: object) => {
    await mkdir(join(root, path), { recursive: true });
    await writeFile(join(root, path, 'package.json'), JSON.stringify(content));
  };
  await write('', { workspaces: ['services/*'] });
  await write('services/api', { name: '@stack/api', dependencies: { library: '^2.0.0' } });
  await mkdir(join(root, 'node_modules'), { recursive: true });
  if (installed !== undefined) await write('node_modules/library', { name: 'library', version: installed });
  return root;
}

test.each([
  ['2.4.0', 'linked', []],
  ['1.9.0', 'installed', ['npm install']],
  [undefined, 'installed', ['npm install']],
] as const)('with version %s of what is needed the packages are %s', async (version, outcome, asked) => {
  const commands: string[] = [];
  const exec: Exec = async (program, [word]) => {
    commands.push(`${program} ${word}`);
    return { exitCode: 0, stdout: '', stderr: '', notFound: false, timedOut: false };
  };
  const context = { exec, interrupted: new AbortController().signal };
  expect(await installAdded(context, await stackWith(version))).toBe(outcome);
  expect(commands).toEqual(asked);
});
