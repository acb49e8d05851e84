import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { CHECKOUT, PROGRAM, qbtc } from '../support/qbtc.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

test('--version is that of the package, and loads nothing but commander', async () => {
  const folder = await temporaryFolder();
  const stdout = execFileSync(process.execPath, [PROGRAM, '--version'], {
    encoding: 'utf8',
    // V8 writes down every script that was loaded.
    env: { ...process.env, NODE_V8_COVERAGE: folder },
  });
  const { version } = JSON.parse(await readFile(join(CHECKOUT, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(stdout).toBe(`${version}\n`);

  const [report = ''] = await readdir(folder);
  const { result } = JSON.parse(await readFile(join(folder, report), 'utf8')) as {
    result: { url: string }[];
  };
  const loaded = result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
  expect(loaded.filter((url) => url.includes('/node_modules/'))).toEqual([]);
  // Libraries are bundled: the source map of each loaded file says what is in it.
  const sources = await Promise.all(
    loaded.map(async (url) => {
      const map = await readFile(`${fileURLToPath(url)}.map`, 'utf8').catch(() => '{"sources": []}');
      return (JSON.parse(map) as { sources: string[] }).sources;
    }),
  );
  const libraries = sources
    .flat()
    .flatMap((source) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []);
  expect([...new Set(libraries)]).toEqual(['commander']);
});

test('wrong usage ends with 64 and says what was meant', async () => {
  const cases: [string[], RegExp][] = [
    [['statsu'], /Did you mean status\?/],
    [['up', '--timeout', 'soon'], /found "soon", expected a whole number from 1 to 3600/],
    [['up', '--timout', '3'], /Did you mean --timeout\?/],
    [['score', '--min', '101'], /expected a number from 0 to 100/],
    [['new', 'My Stack', '--yes'], /my-stack/],
    [['new', '--yes'], /qbtc new my-stack/],
  ];
  const folder = await temporaryFolder();
  for (const [args, message] of cases) {
    const { code, stderr, stdout } = await qbtc(args, folder);
    // Lines end where the terminal does.
    expect(stderr.replace(/\s+/g, ' '), args.join(' ')).toMatch(message);
    expect(code, args.join(' ')).toBe(64);
    expect(stdout).toBe('');
  }
  expect(await readdir(folder)).toEqual([]);
});

test('outside of a stack every command says how to get one, as text and as JSON', async () => {
  const folder = await temporaryFolder();
  const text = await qbtc(['status'], folder);
  expect(text).toMatchObject({ code: 1, stdout: '' });
  expect(text.stderr).toContain('qbtc new NAME');
  const json = await qbtc(['status', '--json'], folder);
  expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'STACK_NOT_FOUND' } });
  expect(json.stderr).toBe('');
});
