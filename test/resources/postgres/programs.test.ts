import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyPrograms } from '../../../src/resources/postgres/programs.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';

test('databases of one stack that are prepared at once share one whole copy of the programs', async () => {
  const folder = await temporaryFolder();
  const packaged = join(folder, 'package', 'native');
  const names = Array.from({ length: 40 }, (_, index) => `stop-${index}`).sort();
  for (const part of ['bin', 'share']) {
    await mkdir(join(packaged, part), { recursive: true });
    for (const name of names) await writeFile(join(packaged, part, name), name, { mode: 0o600 });
  }
  await writeFile(join(folder, 'package', 'package.json'), '{"version": "18.0.0"}');
  const target = join(folder, '.pgsql');
  await Promise.all(Array.from({ length: 4 }, () => copyPrograms(packaged, target)));
  for (const part of ['bin', 'share']) expect((await readdir(join(target, part))).sort()).toEqual(names);
});
