import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { YamlFile } from '../../src/import/yaml-file.ts';
import { yamlText } from '../../src/import/yaml-text.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

async function edited(text: string | undefined, edit: (file: YamlFile) => void): Promise<string> {
  const file = join(await temporaryFolder(), 'f.yaml');
  if (text !== undefined) await writeFile(file, text);
  const opened = await YamlFile.open(file, 'From elsewhere.');
  edit(opened);
  return opened.text();
}

const ADD = (file: YamlFile) => {
  file.add(['list'], { id: 'x' });
  file.add(['list'], { id: 'y' });
};

test.each([
  ['a file that is not there', undefined, '# From elsewhere.\nlist:\n  - { id: x }\n  - { id: y }\n'],
  [
    'a list in a block',
    'a:   [1,2]\nlist:\n- { id: a }  # one\n\n# next\nb: {c: 1}\n',
    'a:   [1,2]\nlist:\n- { id: a }  # one\n- { id: x }\n- { id: y }\n\n# next\nb: {c: 1}\n',
  ],
  [
    'items of several lines',
    'list:\n    - id: a\n      text: |\n        b\n\nb: 1',
    'list:\n    - id: a\n      text: |\n        b\n    - { id: x }\n    - { id: y }\n\nb: 1',
  ],
  ['a list in a line', 'list: [{id: a}] # c\n', 'list: [{id: a}, { id: x }, { id: y }] # c\n'],
  ['an empty list', 'list: []  # none\nb: 1\n', 'list:  # none\n  - { id: x }\n  - { id: y }\nb: 1\n'],
  ['nothing behind the key', 'list: # none\nb: 1\n', 'list: # none\n  - { id: x }\n  - { id: y }\nb: 1\n'],
  [
    'no such key',
    '# Top.\nb: 1\n\n# End.\n',
    '# Top.\nb: 1\n\n# End.\nlist:\n  - { id: x }\n  - { id: y }\n',
  ],
  ['the mark of APISIX', 'b: 1\n#END\n', 'b: 1\nlist:\n  - { id: x }\n  - { id: y }\n#END\n'],
  ['the end of the document', '---\nb: 1\n...\n', '---\nb: 1\nlist:\n  - { id: x }\n  - { id: y }\n...\n'],
  ['an empty file', '', 'list:\n  - { id: x }\n  - { id: y }'],
])('adds to %s, and touches nothing else', async (_, before, after) => {
  expect(await edited(before, ADD)).toBe(after);
});

test.each([
  ['a:\n  b: 1 # x\nc: 2\n', 'a:\n  b: 1 # x\n  list:\n    - z\nc: 2\n'],
  ['a: { b: 1 }\n', 'a: { b: 1, list: [z] }\n'],
  ['a: {}\n', 'a: { list: [z] }\n'],
  ['c: 2\n', 'c: 2\na:\n  list:\n    - z\n'],
])('adds inside of what is there: %j', async (before, after) => {
  expect(await edited(before, (file) => file.add(['a', 'list'], 'z'))).toBe(after);
});

test('puts one value in the place of another', async () => {
  const text = 'a: one # kept\nlist:\n  - id: x\n    b: 1\n  - { id: y }\n';
  expect(
    await edited(text, (file) => {
      file.replace(['list'], 0, { id: 'x', b: 2 });
      file.set(['a'], ['one', 'two']);
      file.set(['c'], 1);
      file.set(['d', 'e'], 1);
    }),
  ).toBe('a: [one, two] # kept\nlist:\n  - { id: x, b: 2 }\n  - { id: y }\nc: 1\nd:\n  e: 1\n');
});

test('a mapping of one long entry stands below its key', () => {
  const data = { plugins: { 'limit-count': { rejected_msg: 'x'.repeat(60), allowed: ['y'.repeat(60)] } } };
  expect(parse(`- ${yamlText([data], 2)}`)).toEqual([[data]]);
  expect(parse(yamlText({ a: { b: { c: 'z'.repeat(100) } } }, 0))).toEqual({
    a: { b: { c: 'z'.repeat(100) } },
  });
});

test('what is written reads as it was, whatever it is', () => {
  const value = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
  fc.assert(
    fc.property(value, fc.nat(8), (data, indent) => {
      expect(parse(`${' '.repeat(0)}k:\n${' '.repeat(indent + 1)}- ${yamlText(data, indent + 3)}\n`)).toEqual(
        { k: [data] },
      );
    }),
  );
});

test.each(['\u2003', 'x\u00a0', '\u3000y', 'a\n\u2003', 'a\n\n'])('%j is kept to its last blank', (text) => {
  for (const data of [text, [text], { a: text }, { '': text, b: 'z'.repeat(100) }])
    expect(parse(`k:\n  - ${yamlText(data, 4)}\n`)).toEqual({ k: [data] });
});

test('a file that is no mapping is not added to', async () => {
  await expect(edited('- 1\n', ADD)).rejects.toMatchObject({ code: 'IMPORT_TARGET' });
  await expect(edited('a: [\n', ADD)).rejects.toMatchObject({ code: 'IMPORT_TARGET' });
});

test.each([
  ['the list of another', 'one: &one [a]\nlist: *one\n'],
  ['a value', 'list: a\n'],
  ['a mapping', 'list: { a: 1 }\n'],
])('nothing is written over %s that stands in the place of a list', async (_, text) => {
  await expect(edited(text, ADD)).rejects.toMatchObject({
    code: 'IMPORT_TARGET',
    message: expect.stringContaining('at list'),
  });
});
