import { chmod, chown, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { qbtc } from '../support/qbtc.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

/** A folder outside of a stack, and what runs commands there with a cache of its own. */
async function place() {
  const cwd = await temporaryFolder();
  const cache = join(cwd, 'cache');
  const folder = join(cache, 'qbtc', 'code');
  return {
    folder,
    cache,
    run: (...args: string[]) => qbtc(args, cwd, { XDG_CACHE_HOME: cache }),
    /** What is kept of a command. */
    kept: async (command: string) => {
      const [name = expect.unreachable()] = (await readdir(folder)).filter((each) =>
        each.endsWith(`-${command}`),
      );
      return join(folder, name);
    },
  };
}

const stateOf = async (file: string) => {
  const { ino, mtimeMs } = await lstat(file);
  return [ino, mtimeMs];
};

describe('the code of a command', () => {
  test('is kept by its first run and taken by the next ones, for its owner alone', async () => {
    const { run, kept, folder } = await place();
    const first = await run('status', '--json');
    const file = await kept('status');
    const before = await stateOf(file);
    expect(await run('status', '--json')).toEqual(first);
    expect(await stateOf(file)).toEqual(before);
    expect((await lstat(file)).mode & 0o777).toBe(0o600);
    expect((await lstat(folder)).mode & 0o777).toBe(0o700);
  });

  test('grows by what another form of the command has used, and holds what the first one had', async () => {
    const { run, kept } = await place();
    await run('chaos', 'list');
    const first = await scriptsIn(await kept('chaos'));
    await run('chaos', 'undo');
    const both = await scriptsIn(await kept('chaos'));
    expect(both.length).toBeGreaterThan(first.length);
    expect(both).toEqual(expect.arrayContaining(first));
    const before = await stateOf(await kept('chaos'));
    await run('chaos', 'list');
    expect(await stateOf(await kept('chaos'))).toEqual(before);
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['empty', () => Buffer.alloc(0)],
    ['cut', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['zeros', (bytes) => Buffer.alloc(bytes.length)],
    ['longer', (bytes) => Buffer.concat([bytes, bytes])],
    ['another in one bit of its index', (bytes) => withOtherBit(bytes, 40)],
    ['another in one bit of its code', (bytes) => withOtherBit(bytes, bytes.length - 100)],
  ])('is made anew where it is %s, and the command does as always', async (_, damage) => {
    const { run, kept } = await place();
    const right = await run('status', '--json');
    const file = await kept('status');
    const whole = await readFile(file);
    await writeFile(file, damage(whole));
    expect(await run('status', '--json')).toEqual(right);
    expect((await readFile(file)).length).toBeGreaterThan(whole.length / 2);
    const mended = await stateOf(file);
    expect(await run('status', '--json')).toEqual(right);
    expect(await stateOf(file)).toEqual(mended);
  });

  test('is not taken where others may have written it, nor through a link', async () => {
    const { run, kept } = await place();
    const right = await run('status', '--json');
    const file = await kept('status');
    const own = await readFile(file);
    const changes = [
      () => chmod(file, 0o666),
      async () => {
        await writeFile(`${file}.elsewhere`, own);
        await rm(file);
        await symlink(`${file}.elsewhere`, file);
      },
      ...(process.geteuid?.() === 0 ? [() => chown(file, 4711, 4711)] : []),
    ];
    for (const change of changes) {
      await change();
      const before = await stateOf(file);
      expect(await run('status', '--json')).toEqual(right);
      expect(await stateOf(file)).not.toEqual(before);
      expect((await lstat(file)).mode & 0o777).toBe(0o600);
    }
  });

  test('of wrong usage is not kept, and what an older version has left goes', async () => {
    const { run, folder, kept } = await place();
    expect((await run('statsu')).code).toBe(64);
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
    await run('status');
    const file = await kept('status');
    const old = file.replace(/main-[A-Z0-9]+/, 'main-OLDER');
    const others = join(folder, 'somewhere-main-OLDER-status');
    for (const each of [old, others]) await writeFile(each, 'x');
    await run('completion', 'bash');
    expect((await readdir(folder)).map((name) => join(folder, name)).sort()).toEqual(
      [file, others, await kept('completion')].sort(),
    );
  });

  test('is not kept where nothing can be written, and nothing is said of it', async () => {
    const { run, cache } = await place();
    await writeFile(cache, 'a file stands in its place');
    const without = await run('status', '--json');
    await rm(cache);
    await mkdir(cache);
    expect(await run('status', '--json')).toEqual(without);
  });

  test.runIf(process.geteuid?.() === 0)('is not kept by root in the folder of somebody else', async () => {
    const { run, cache } = await place();
    await mkdir(cache);
    await chown(cache, 4711, 4711);
    await run('status');
    expect(await readdir(cache)).toEqual([]);
  });
});

/** The index stands behind its length, and that behind a sum. */
async function scriptsIn(file: string): Promise<string[]> {
  const bytes = await readFile(file);
  return Object.keys(JSON.parse(bytes.toString('utf8', 8, 8 + bytes.readUInt32LE(4))));
}

function withOtherBit(bytes: Buffer, at: number): Buffer {
  const other = Buffer.from(bytes);
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
}
