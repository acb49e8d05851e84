import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Bundles, nodeArguments } from '../../src/services/bundle.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const CODE = `
  import { setFlagsFromString } from 'node:v8';
  const main = typeof require === 'undefined' ? undefined : require.main;
  setFlagsFromString('--optimize-for-size');
  import('node:os').then(({ EOL }) => {
    const place = String(new Error('here').stack?.split('\\n')[1]);
    process.stdout.write(JSON.stringify({ eol: EOL, place, isMain: main === module, args: process.argv.slice(2) }));
  });`;

/** What it is given is the main script of a child, which Node gives the same flags. */
const FORKING = `
  import { fork } from 'node:child_process';
  fork(process.argv[2], { stdio: 'inherit' });`;

async function bundled(code = CODE) {
  const root = await temporaryFolder();
  const path = join(root, 'services', 'api');
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'main.ts'), code);
  const bundle = await new Bundles(root, quietContext()).bundle({ name: 'api', path, entry: 'main.ts' });
  const cache = `${bundle.file}.cache`;
  const run = async (...flags: string[]) => {
    const args = [...flags, ...nodeArguments(bundle), 'given'];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };
  const madeAt = async () => (await stat(cache, { bigint: true })).mtimeNs;
  return { root, bundle, cache, run, madeAt, source: join(path, 'main.ts') };
}

describe('a bundle with a code cache', () => {
  test('does what it does without one, and takes the cache at its next start', async () => {
    const { bundle, run, madeAt, source } = await bundled();
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--enable-source-maps',
      bundle.file,
      'given',
    ]);
    const bare = JSON.parse(stdout);
    expect(bare).toMatchObject({ eol: '\n', isMain: true, args: ['given'] });
    expect(bare.place).toContain(`${source}:6:`);

    expect(await run()).toEqual(bare);
    const first = await madeAt();
    expect(await run()).toEqual(bare);
    expect(await madeAt()).toBe(first);
  });

  test('makes it anew where other flags or another version made it', async () => {
    const { run, madeAt } = await bundled();
    const { eol } = await run('--no-lazy');
    const first = await madeAt();
    expect((await run()).eol).toBe(eol);
    expect(await madeAt()).not.toBe(first);
  });

  test('names the place where it runs, also after the stack was moved', async () => {
    const { bundle, run, root } = await bundled();
    await run();
    const moved = `${root} moved`;
    await rename(root, moved);
    const args = nodeArguments(bundle).map((argument) => argument.replace(root, moved));
    for (let start = 0; start < 2; start += 1) {
      const { stdout } = await promisify(execFile)(process.execPath, args);
      expect(JSON.parse(stdout).place).toContain(`${join(moved, 'services', 'api', 'main.ts')}:6:`);
    }
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['a bit of it differs', (bytes) => flipped(bytes)],
    ['half of it is there', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['it is empty', () => Buffer.alloc(0)],
  ])('makes it anew where %s', async (_, damage) => {
    const { run, cache } = await bundled();
    const result = await run();
    const whole = await readFile(cache);
    await writeFile(cache, damage(whole));
    expect(await run()).toEqual(result);
    expect((await readFile(cache)).length).toBe(whole.length);
    expect(await run()).toEqual(result);
  });

  test('runs where none can be written', async () => {
    const { run, cache } = await bundled();
    await mkdir(cache);
    expect((await run()).isMain).toBe(true);
  });

  test('several may start at once', async () => {
    const { run, cache } = await bundled();
    const results = await Promise.all([run(), run(), run()]);
    expect(new Set(results.map((each) => JSON.stringify(each))).size).toBe(1);
    expect((await stat(cache)).size).toBeGreaterThan(32);
  });
});

describe('a program that a bundle forks', () => {
  async function forking(name: string) {
    const { root, bundle } = await bundled(FORKING);
    const script = join(root, name);
    const run = async (given = script) =>
      (await promisify(execFile)(process.execPath, [...nodeArguments(bundle), given])).stdout;
    return { root, bundle, script, run };
  }

  test.each([
    'script.cjs',
    // As a bundle is named, and in a folder of its own.
    'script-0123456789abcdef.cjs',
  ])('%s runs as it stands there at each start', async (name) => {
    const { root, script, run } = await forking(name);
    await writeFile(script, "process.stdout.write('1');");
    expect(await run()).toBe('1');
    await writeFile(script, "process.stdout.write('2');");
    expect(await run()).toBe('2');
    expect((await readdir(root)).filter((each) => each.endsWith('.cache'))).toEqual([]);
  });

  test('is no bundle where it stands beside some and has another name', async () => {
    const { bundle, run } = await forking('script.cjs');
    const script = join(dirname(bundle.file), 'script.cjs');
    await writeFile(script, "process.stdout.write('1');");
    expect(await run(script)).toBe('1');
    await writeFile(script, "process.stdout.write('2');");
    expect(await run(script)).toBe('2');
  });

  test('may be named without its extension', async () => {
    const { root, script, run } = await forking('script.js');
    await writeFile(script, "process.stdout.write('found');");
    expect(await run(join(root, 'script'))).toBe('found');
  });
});

test('a bundle that computes what it imports is compiled by Node alone', async () => {
  const { bundle, run, cache } = await bundled(`
    const name = ['node:', 'os'].join('');
    import(name).then(({ EOL }) => process.stdout.write(JSON.stringify(EOL)));`);
  expect(bundle.preload).toBeUndefined();
  expect(await run()).toBe('\n');
  await expect(stat(cache)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('without an installation that has the program, a bundle runs as it is', async () => {
  const root = await temporaryFolder();
  await writeFile(join(root, 'main.ts'), '');
  const installation = { root: await temporaryFolder(), version: '0.1.0' };
  const bundle = await new Bundles(root, { installation }).bundle({
    name: 'a',
    path: root,
    entry: 'main.ts',
  });
  expect(nodeArguments(bundle)).toEqual(['--enable-source-maps', bundle.file]);
  await rm(bundle.file);
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 0xff;
  return copy;
}
