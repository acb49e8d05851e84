import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStack } from '../../src/config/load.ts';
import { readScale, writeScale } from '../../src/config/scale.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { makeSample, VERSION } from './sample.ts';

test('a scale is remembered, and taken for the replicas of the file', async () => {
  const sample = await makeSample();
  try {
    const options = { file: sample.file, env: {}, qbtcVersion: VERSION };
    const replicas = async (scale?: Record<string, number>) =>
      Object.fromEntries(
        (await openStack({ ...options, ...(scale === undefined ? {} : { scale }) })).services.map(
          (service) => [service.name, service.replicas],
        ),
      );
    expect(new Set(Object.values(await replicas()))).toEqual(new Set([1]));
    expect(await replicas({ 'quantum-core': 3 })).toMatchObject({ 'quantum-core': 3 });
    await writeScale(sample.root, { 'quantum-core': 2, 'service-of-before': 4 });
    expect(await replicas()).toMatchObject({ 'quantum-core': 2 });
    expect(await replicas({ 'quantum-core': 1 })).toMatchObject({ 'quantum-core': 1 });
  } finally {
    await sample.remove();
  }
});

test('what it makes impossible is told with its place', async () => {
  const sample = await makeSample();
  try {
    const opened = openStack({ file: sample.file, env: {}, qbtcVersion: VERSION, scale: { 'llm-api': 2 } });
    await expect(opened).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: [expect.stringContaining('replica 2 of service llm-api')],
    });
  } finally {
    await sample.remove();
  }
});

test('a file that cannot be understood is as good as none', async () => {
  const root = await temporaryFolder();
  await mkdir(join(root, '.qbtc'));
  expect(await readScale(root)).toEqual({});
  for (const text of ['', '[]', '{"a": "2"}', '{"a": 0, "b": 65, "c": 1.5}', 'null']) {
    await writeFile(join(root, '.qbtc', 'scale.json'), text);
    expect(await readScale(root), text).toEqual({});
  }
  await writeScale(root, { a: 2 });
  expect(await readScale(root)).toEqual({ a: 2 });
  await writeScale(root, {});
  await expect(readFile(join(root, '.qbtc', 'scale.json'))).rejects.toMatchObject({ code: 'ENOENT' });
});
