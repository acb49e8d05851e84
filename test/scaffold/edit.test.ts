import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { editStackFile, renameLock, renamePackage } from '../../src/scaffold/edit.ts';
import { TEMPLATE_FILE } from '../config/sample.ts';
import { STACK_YAML } from './sample.ts';

describe('editStackFile', () => {
  test('changes the two values and not one character more', async () => {
    for (const text of [STACK_YAML, await readFile(TEMPLATE_FILE, 'utf8')]) {
      const edited = editStackFile(text, { name: 'acme', portBase: 3000 });
      expect(edited).toBe(text.replace('name: stack', 'name: acme').replace('base: 0', 'base: 3000'));
    }
  });

  test('adds what the file does not say', () => {
    const options = { name: 'acme', portBase: 1000 };
    expect(parse(editStackFile('version: 1\nname: x', options))).toEqual({
      version: 1,
      name: 'acme',
      ports: { base: 1000 },
    });
    expect(parse(editStackFile('name: x\nports: {}\n', options))).toEqual({
      name: 'acme',
      ports: { base: 1000 },
    });
  });

  test('the name stays text, whatever it is', () => {
    const name = fc.oneof(
      fc.constantFrom('null', 'true', 'false', 'yes', 'on'),
      fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/),
    );
    fc.assert(
      fc.property(name, fc.nat(20_000), (chosen, portBase) => {
        const edited = parse(editStackFile(STACK_YAML, { name: chosen, portBase }));
        expect(edited).toMatchObject({ name: chosen, ports: { base: portBase } });
      }),
    );
  });
});

test('package.json and package-lock.json are renamed where they name the stack', () => {
  expect(JSON.parse(renamePackage('{"name":"stack","private":true}', 'acme'))).toEqual({
    name: 'acme',
    private: true,
  });
  const lock = { name: 'stack', packages: { '': { name: 'stack', version: '1' }, 'node_modules/a': {} } };
  expect(JSON.parse(renameLock(JSON.stringify(lock), 'acme'))).toEqual({
    name: 'acme',
    packages: { '': { name: 'acme', version: '1' }, 'node_modules/a': {} },
  });
});
