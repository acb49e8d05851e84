import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Service } from '../../src/model/stack.ts';
import { Bundles, nodeArguments } from '../../src/services/bundle.ts';
import { createFolders } from '../../src/state/folders.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { PLAIN_SERVICE } from '../support/stack.ts';

/** Of an installation that has none ready-made. */
const bundlesOf = (root: string) => new Bundles(root, { installation: { root, version: '0.1.0' } });

async function stackWithService(files: Record<string, string>) {
  const root = await temporaryFolder();
  await createFolders(root);
  const path = join(root, 'services', 'api');
  await mkdir(join(path, 'src'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, 'src', name), text);
  const service: Service & { entry: string } = {
    name: 'api',
    path,
    entry: 'src/main.ts',
    port: 1,
    ...PLAIN_SERVICE,
    dependsOn: [],
    env: {},
    containerEnv: {},
    routes: [],
  };
  return { root, path, service };
}

test('a bundle runs alone, is named by its content, and is made again only when an input changes', async () => {
  const { root, path, service } = await stackWithService({
    'main.ts': "import { greet } from './greet.ts'; const name: string = 'you'; console.log(greet(name));",
    'greet.ts': "export const greet = (name: string) => 'hello ' + name;",
  });
  const first = await bundlesOf(root).bundle(service);
  expect((await promisify(execFile)(process.execPath, [first.file])).stdout).toBe('hello you\n');

  const { mtimeMs } = await stat(first.file);
  expect(await bundlesOf(root).bundle(service)).toEqual(first);
  expect((await stat(first.file)).mtimeMs).toBe(mtimeMs);

  // Saved again without a change: the content, and so the bundle, is the same.
  await utimes(join(path, 'src', 'greet.ts'), new Date(), new Date());
  expect((await bundlesOf(root).bundle(service)).file).toBe(first.file);

  await writeFile(join(path, 'src', 'greet.ts'), "export const greet = (name: string) => 'bye ' + name;");
  const second = await bundlesOf(root).bundle(service);
  expect((await promisify(execFile)(process.execPath, [second.file])).stdout).toBe('bye you\n');
  // A process that still runs the first one finds it when it is started again.
  expect((await promisify(execFile)(process.execPath, [first.file])).stdout).toBe('hello you\n');
});

test('stack traces name the files and lines that people write, and no others', async () => {
  const { root, path, service } = await stackWithService({
    'main.ts': [
      "import { fail } from './fail.ts';",
      "import { call } from 'somebody';",
      'interface Unused { a: string }',
      'call(() => fail({ a: 1 } as never as Unused));',
    ].join('\n'),
    'fail.ts': [
      '// What this does:',
      '// it fails.',
      'export function fail(given: { a: string }): string {',
      "  const row: { name: string } = JSON.parse('null');",
      '  return row.name + given.a;',
      '}',
    ].join('\n'),
  });
  const somebody = join(root, 'node_modules', 'somebody');
  await mkdir(somebody, { recursive: true });
  await writeFile(join(somebody, 'package.json'), '{"name": "somebody", "main": "index.js"}');
  await writeFile(join(somebody, 'index.js'), '\n\nexports.call = (work) => work();\n');
  const run = async () => {
    const bundle = await bundlesOf(root).bundle(service);
    const failed = promisify(execFile)(process.execPath, nodeArguments(bundle));
    return { bundle, stack: ((await failed.catch((error) => error)) as { stderr: string }).stderr };
  };
  const { bundle, stack } = await run();
  expect(stack).toContain(`${join(path, 'src', 'fail.ts')}:5:`);
  expect(stack).toContain(`${join(path, 'src', 'main.ts')}:4:`);
  const map = JSON.parse(await readFile(`${bundle.file}.map`, 'utf8'));
  expect(map.sources.map((source: string) => basename(source)).sort()).toEqual(['fail.ts', 'main.ts']);
  expect(map.sourcesContent.join('')).toContain('// it fails.');

  // The same code on other lines is the same bundle, and the map follows.
  await writeFile(
    join(path, 'src', 'fail.ts'),
    `\n\n${await readFile(join(path, 'src', 'fail.ts'), 'utf8')}`,
  );
  const moved = await run();
  expect(moved.bundle.file).toBe(bundle.file);
  expect(moved.stack).toContain(`${join(path, 'src', 'fail.ts')}:7:`);
});

test('the last three bundles stay', async () => {
  const { root, path, service } = await stackWithService({ 'main.ts': '' });
  const files: string[] = [];
  for (let version = 1; version <= 5; version++) {
    await writeFile(join(path, 'src', 'main.ts'), `console.log(${version});`);
    const { file } = await bundlesOf(root).bundle(service);
    // Coarse clocks of file systems must not decide which is older.
    await utimes(file, version, version);
    files.push(basename(file));
  }
  const left = (await readdir(join(root, '.qbtc', 'build'))).filter((name) => /\.cjs(\.map)?$/.test(name));
  expect(left.sort()).toEqual(
    files
      .slice(-3)
      .flatMap((name) => [name, `${name}.map`])
      .sort(),
  );
});

test('another entry, or other settings of the compiler, make another bundle', async () => {
  const { root, path, service } = await stackWithService({
    'main.ts': "console.log('main');",
    'other.ts': "class A { b = 1 } console.log(Object.keys(new A()).length, 'other');",
  });
  await bundlesOf(root).bundle(service);
  const other = await bundlesOf(root).bundle({ ...service, entry: 'src/other.ts' });
  expect((await promisify(execFile)(process.execPath, [other.file])).stdout).toBe('1 other\n');

  await writeFile(
    join(path, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { useDefineForClassFields: false } }),
  );
  const again = await bundlesOf(root).bundle({ ...service, entry: 'src/other.ts' });
  expect(again.file).not.toBe(other.file);
});

test('an input that is written while it is read is read again the next time', async () => {
  const { root, path, service } = await stackWithService({ 'main.ts': 'console.log(1);' });
  const file = join(path, 'src', 'main.ts');
  // The time of a write that comes after the start of the build.
  const late = new Date(Date.now() + 60_000);
  await utimes(file, late, late);
  await bundlesOf(root).bundle(service);
  await writeFile(file, 'console.log(2);');
  await utimes(file, late, late);
  const second = await bundlesOf(root).bundle(service);
  expect((await promisify(execFile)(process.execPath, [second.file])).stdout).toBe('2\n');
});

test('mistakes in the code are told with file, line, and column', async () => {
  const { root, service } = await stackWithService({
    'main.ts': "import { x } from 'no-such-package';\nconst = 1;",
  });
  await expect(bundlesOf(root).bundle(service)).rejects.toMatchObject({
    code: 'BUNDLE_FAILED',
    details: [expect.stringContaining('services/api/src/main.ts:2:7')],
  });
});
