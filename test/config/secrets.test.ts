import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureSecrets, readSecrets, secretsFile } from '../../src/config/secrets.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'qbtc secrets é-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
/** No account of a person, and never the one that runs the tests. */
const NOBODY = 65_534;
const posix = process.platform !== 'win32';

describe('ensureSecrets', () => {
  test('generates what is missing and leaves the rest alone', async () => {
    const first = await ensureSecrets(root, ['api-key', 'broker-password']);
    expect(first['api-key']).toMatch(/^qbtc_[0-9a-f]{48}$/);
    expect(first['broker-password']).toMatch(/^[0-9a-f]{48}$/);

    const second = await ensureSecrets(root, ['cache-password']);
    expect(second).toEqual({ ...first, 'cache-password': expect.stringMatching(/^[0-9a-f]{48}$/) });
    expect(await readSecrets(root)).toEqual(second);
    expect(new Set(Object.values(second)).size).toBe(3);
  });

  test('changes no file when nothing is missing', async () => {
    await ensureSecrets(root, ['a']);
    const before = await stat(secretsFile(root));
    await ensureSecrets(root, ['a']);
    const after = await stat(secretsFile(root));
    expect(after.ino).toBe(before.ino);
    expect(after.mtimeMs).toBe(before.mtimeMs);
  });

  test.runIf(posix)('keeps folder and file to their owner', async () => {
    await mkdir(join(root, '.qbtc'), { mode: 0o755 });
    await ensureSecrets(root, ['a']);
    expect(await modeOf(join(root, '.qbtc'))).toBe(0o700);
    expect(await modeOf(secretsFile(root))).toBe(0o600);
    await chmod(secretsFile(root), 0o644);
    await ensureSecrets(root, ['a']);
    expect(await modeOf(secretsFile(root))).toBe(0o600);
  });

  test('leaves nothing beside the file, and git out of it', async () => {
    await ensureSecrets(root, ['a']);
    await ensureSecrets(root, ['b']);
    expect((await readdir(join(root, '.qbtc'))).sort()).toEqual(['.gitignore', 'secrets.json']);
    expect(await readFile(join(root, '.qbtc/.gitignore'), 'utf8')).toBe('*\n');
  });

  test('gives everybody who asks at once the same values', async () => {
    const asked = Array.from({ length: 12 }, (_, index) => ensureSecrets(root, ['a', `own-${index}`]));
    const answers = await Promise.all(asked);
    const stored = await readSecrets(root);
    expect(Object.keys(stored ?? {})).toHaveLength(13);
    for (const [index, answer] of answers.entries()) {
      expect(answer.a).toBe(stored?.a);
      expect(answer[`own-${index}`]).toBe(stored?.[`own-${index}`]);
    }
  });

  test('does not wait for a process that is gone', async () => {
    await mkdir(join(root, '.qbtc'));
    const lock = `${secretsFile(root)}.lock`;
    await writeFile(lock, '');
    const long = new Date(Date.now() - 60_000);
    await utimes(lock, long, long);
    expect(await ensureSecrets(root, ['a'])).toHaveProperty('a');
  });

  test.each([
    ['not JSON', '{"api-key": "hunter2'],
    ['a list', '["hunter2"]'],
    ['a number', '{"api-key": 7}'],
    ['an empty value', '{"api-key": ""}'],
    ['nothing', ''],
  ])('a broken file (%s) is an error, and stays as it is', async (_name, text) => {
    await mkdir(join(root, '.qbtc'));
    await writeFile(secretsFile(root), text);
    const error = await ensureSecrets(root, ['other']).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'QbtcError', code: 'SECRETS_UNREADABLE', exit: 1 });
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
    expect(await readFile(secretsFile(root), 'utf8')).toBe(text);
  });

  /** Runs `work` as an account that may read nothing of ours. */
  const asNobody = async (work: () => Promise<void>) => {
    const own = process.geteuid?.() ?? 0;
    process.seteuid?.(NOBODY);
    try {
      await work();
    } finally {
      process.seteuid?.(own);
    }
  };

  // Only root can become somebody else; only in a process of its own, which worker threads are not.
  test.runIf(process.geteuid?.() === 0 && process.seteuid !== undefined)(
    'a file of another account is told as such',
    async () => {
      await ensureSecrets(root, ['a']);
      await chmod(root, 0o755);
      await asNobody(async () => {
        await expect(ensureSecrets(root, ['a'])).rejects.toMatchObject({
          code: 'SECRETS_UNREADABLE',
          hint: expect.stringMatching(/^It belongs to another account \(uid 0, .*sudo chown -R 65534 "/),
        });
      });
    },
  );

  test('an own file that is closed is to be opened', async (context) => {
    context.skip(!posix || process.geteuid?.() === 0, 'root and Windows may read a file of mode 0');
    await ensureSecrets(root, ['a']);
    await chmod(secretsFile(root), 0);
    await expect(ensureSecrets(root, ['a'])).rejects.toMatchObject({
      hint: expect.stringContaining('chmod u+rw'),
    });
  });

  test('says what is in the way', async () => {
    await writeFile(join(root, '.qbtc'), 'a file where the folder should be');
    await expect(ensureSecrets(root, ['a'])).rejects.toMatchObject({
      name: 'QbtcError',
      hint: expect.stringMatching(/\S/),
    });
  });
});
