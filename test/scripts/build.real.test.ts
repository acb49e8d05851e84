import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeReadyMade } from '../../scripts/ready-made.ts';
import { digestOf } from '../../src/services/bundle-inputs.ts';
import { BUNDLE, MANIFEST, PRELOAD, parseManifest, readyMadeFolder } from '../../src/services/ready-made.ts';
import { CHECKOUT } from '../support/qbtc.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const BUILT = readyMadeFolder(quietContext());
const PLACE = join('services', 'platform-api', 'src', 'main.ts');

/** What the build has made, in a folder of its own. */
async function built() {
  const out = await temporaryFolder();
  await cp(BUILT, out, { recursive: true });
  return { out, place: join(out, PLACE), bundle: join(out, PLACE, BUNDLE) };
}

test('licences are passed on of all packages whose code is in a ready-made bundle', async () => {
  const text = await readFile(join(CHECKOUT, 'dist', 'LICENSES.txt'), 'utf8');
  const notices = new Map(
    text.split(`\n${'-'.repeat(80)}\n\n`).map((notice) => {
      const end = notice.indexOf('\n');
      return [notice.slice(0, end), notice.slice(end)] as const;
    }),
  );
  const folders = new Set<string>();
  for (const file of await readdir(BUILT, { recursive: true })) {
    if (!file.endsWith(MANIFEST)) continue;
    for (const [path, digest] of Object.entries(parseManifest(join(BUILT, file, '..'))?.files ?? {})) {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^@/][^/]*(?=\/)/.exec(path)?.[0];
      if (folder !== undefined && digest !== 'absent') folders.add(folder);
    }
  }
  expect(folders).toContain('node_modules/fastify');
  for (const folder of folders) {
    const manifest = await readFile(join(CHECKOUT, folder, 'package.json'), 'utf8');
    const { name, version } = JSON.parse(manifest) as { name: string; version: string };
    expect(notices.get(`${name} ${version}`), name).toMatch(/licen[cs]e|permission/i);
  }
  // It has no file with its licence: that stands in its readme.
  const [, ofReadme] = [...notices].find(([title]) => title.startsWith('agent-base ')) ?? [];
  expect(ofReadme).toMatch(/^\s+Licence: MIT\s+\(The MIT License\)\s+Copyright/);
});

test('a ready-made bundle that is damaged, or of another esbuild, is made anew, and no other', async () => {
  const { out, place, bundle } = await built();
  const whole = await readFile(bundle);
  const files = async () => (await readdir(out, { recursive: true })).sort();
  const all = await files();
  await writeFile(bundle, whole.subarray(0, -1));
  await makeReadyMade(out);
  expect(digestOf(await readFile(bundle))).toBe(digestOf(whole));

  const manifest = parseManifest(place);
  await writeFile(join(place, MANIFEST), JSON.stringify({ ...manifest, esbuild: '0.1.0' }));
  // Whole, so that only the version tells that it is to be made again.
  await writeFile(join(place, `${BUNDLE}.map`), 'of the other version');
  const other = join(out, 'services', 'llm-api', 'src', 'main.ts', `${BUNDLE}.map`);
  await writeFile(other, 'not made again');
  await makeReadyMade(out);
  expect(parseManifest(place)).toEqual(manifest);
  expect(await readFile(join(place, `${BUNDLE}.map`), 'utf8')).toContain('"mappings"');
  expect(await readFile(other, 'utf8')).toBe('not made again');
  expect(await files()).toEqual(all);
});

test('bundles of programs that are gone and what killed builds have left are removed', async () => {
  const { out, place } = await built();
  const scratch = (pid: number | undefined) => `${place}.${pid}.scratch`;
  const { pid: ended } = spawnSync(process.execPath, ['--version']);
  const gone = join(out, 'services', 'gone', 'src', 'main.ts');
  const inside = join(out, 'services', 'platform-api', 'src', 'other.ts');
  for (const folder of [gone, inside, scratch(ended), scratch(process.ppid)]) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, BUNDLE), '');
  }
  const { files } = await makeReadyMade(out);
  for (const folder of [join(out, 'services', 'gone'), inside, scratch(ended)])
    expect(existsSync(folder), folder).toBe(false);
  // Another build is at work on it.
  expect(files).toContain(join(scratch(process.ppid), BUNDLE));
  expect(files).toEqual(expect.arrayContaining([join(out, PRELOAD), join(place, MANIFEST)]));
});
