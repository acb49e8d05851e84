import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { carryOutImport, type ImportPlan, saving } from '../../src/import/plan.ts';
import { YamlFile } from '../../src/import/yaml-file.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const BEFORE = 'list: [a] # mine\n';

/** A plan that adds to `there.yaml` and makes `new/made.yaml`. */
async function planIn(root: string): Promise<ImportPlan> {
  await writeFile(join(root, 'there.yaml'), BEFORE);
  const there = await YamlFile.open(join(root, 'there.yaml'), '');
  const made = await YamlFile.open(join(root, 'new', 'made.yaml'), 'Made.');
  for (const file of [there, made]) file.add(['list'], 'b');
  return { changes: [], losses: [], ...saving(root, [there, made]) };
}

test('what can be read with it stays', async () => {
  const root = await temporaryFolder();
  await carryOutImport(await planIn(root), async () => {});
  expect(await readFile(join(root, 'there.yaml'), 'utf8')).toBe('list: [a, b] # mine\n');
  expect(await readFile(join(root, 'new', 'made.yaml'), 'utf8')).toBe('# Made.\nlist:\n  - b\n');
});

test('what cannot be read with it is taken back', async () => {
  const root = await temporaryFolder();
  const wrong = new Error('wrong');
  await expect(
    carryOutImport(await planIn(root), async () => {
      throw wrong;
    }),
  ).rejects.toBe(wrong);
  expect(await readFile(join(root, 'there.yaml'), 'utf8')).toBe(BEFORE);
  await expect(readFile(join(root, 'new', 'made.yaml'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('where one file cannot be written, those before it are as they were', async () => {
  const root = await temporaryFolder();
  const plan = await planIn(root);
  await writeFile(join(root, 'new'), 'in the way');
  await expect(carryOutImport(plan, async () => {})).rejects.toMatchObject({ code: 'IMPORT_TARGET' });
  expect(await readFile(join(root, 'there.yaml'), 'utf8')).toBe(BEFORE);
  expect(await readFile(join(root, 'new'), 'utf8')).toBe('in the way');
});
