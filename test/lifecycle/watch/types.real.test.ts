import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkTypes, programsOf } from '../../../src/lifecycle/watch/types.ts';
import type { Service } from '../../../src/model/stack.ts';
import { createExec } from '../../../src/system/exec.ts';
import { CHECKOUT } from '../../support/qbtc.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';
import { emptyStack, PLAIN_SERVICE } from '../../support/stack.ts';

const context = { exec: createExec() };
const SETTINGS = JSON.stringify({
  compilerOptions: {
    module: 'NodeNext',
    strict: true,
    types: [],
    noEmit: true,
    allowImportingTsExtensions: true,
  },
  include: ['src'],
});

/** A stack with two services in TypeScript, settings each, and one of something else. */
async function typed({ compiler = true } = {}) {
  const root = await temporaryFolder();
  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  };
  for (const name of ['web', 'core']) {
    await write(`${name}/tsconfig.json`, SETTINGS);
    await write(`${name}/src/main.ts`, 'export const port: number = 1;\n');
  }
  await write('other/main.mjs', '');
  if (compiler) {
    await mkdir(join(root, 'node_modules'));
    await symlink(join(CHECKOUT, 'node_modules/typescript'), join(root, 'node_modules/typescript'));
  }
  const service = (name: string): Service => ({
    ...PLAIN_SERVICE,
    name,
    path: join(root, name),
    command: ['node', 'main.mjs'],
    dependsOn: [],
    env: {},
    containerEnv: {},
    routes: [],
  });
  const stack = emptyStack(root, { services: ['web', 'core', 'other'].map(service) });
  return { root, write, stack };
}

const said = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    ({ code, details }: { code: string; details: string[] }) => ({ code, details }),
  );

describe('the types of services', () => {
  test('that are right, and of services without any, are nothing to talk of', async () => {
    const { stack } = await typed();
    expect(await said(checkTypes(context, stack, ['web', 'core', 'other']))).toBeUndefined();
    expect(await said(checkTypes(context, stack, ['other']))).toBeUndefined();
  });

  test('that are wrong are told at their places, of the services that are asked for', async () => {
    const { stack, write } = await typed();
    await write('web/src/main.ts', "\nexport const port: number = 'x';\nexport const it = nobody;\n");
    expect(await said(checkTypes(context, stack, ['core']))).toBeUndefined();
    // Again: what was written down of the last time hides nothing.
    for (const _ of [1, 2])
      expect(await said(checkTypes(context, stack, ['web', 'core']))).toEqual({
        code: 'TYPES_WRONG',
        details: [
          expect.stringMatching(/^web\/src\/main\.ts:2:14 TS2322: /),
          expect.stringMatching(/^web\/src\/main\.ts:3:19 TS2304: /),
        ],
      });
    await write('web/src/main.ts', 'export const port: number = 2;\n');
    expect(await said(checkTypes(context, stack, ['web', 'core']))).toBeUndefined();
  });

  test('settings that nobody can read are told, and what was written down may be damaged', async () => {
    const { root, stack, write } = await typed();
    await checkTypes(context, stack, ['web']);
    const { readdir } = await import('node:fs/promises');
    for (const file of await readdir(join(root, '.qbtc/.types'))) await write(`.qbtc/.types/${file}`, '{');
    expect(await said(checkTypes(context, stack, ['web']))).toBeUndefined();
    await write('web/tsconfig.json', '{ "compilerOptions": { "target": "nothing" }, "include": ["src"] }');
    const { code, details } = (await said(checkTypes(context, stack, ['web']))) ?? {};
    expect(code).toBe('TYPES_WRONG');
    expect(details).toEqual([expect.stringMatching(/^web\/tsconfig\.json:1:\d+ .*TS\d+/)]);
  });

  test('a stack without TypeScript is told before anything is started; one without types needs none', async () => {
    const { stack } = await typed({ compiler: false });
    expect((await said(programsOf(stack)))?.code).toBe('COMPILER_MISSING');
    expect(await said(programsOf(stack, ['other']))).toBeUndefined();
  });
});
