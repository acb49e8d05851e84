import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readData } from '../commands/events/data.ts';
import { readEnvironment } from '../src/config/environment.ts';
import { QbtcError } from '../src/errors.ts';
import { readSchemas } from '../src/events/read.ts';
import { schemaMismatches } from '../src/flow/json-schema.ts';
import type { Stack } from '../src/model/stack.ts';
import { readMigrations } from '../src/resources/postgres/migration-files.ts';
import { readComposeFile } from '../src/runtimes/containers/compose-file.ts';
import { workspacesOf } from '../src/scaffold/workspaces.ts';
import { decodeText, readTextFile, readTextFileSync, unreadable, withoutMark } from '../src/text-file.ts';
import { readTopology } from '../src/topology/read.ts';
import { temporaryFolder } from './support/quiet-context.ts';

const MARK = [0xef, 0xbb, 0xbf];

describe('a file that people write', () => {
  test('loses its byte order mark and nothing else (RFC 3629, section 6)', async () => {
    const file = join(await temporaryFolder('qbtc-text-'), 'a.txt');
    await writeFile(file, Buffer.from([...MARK, ...Buffer.from('Grüße 🚀 \uFEFFin the middle')]));
    expect(await readTextFile(file)).toBe('Grüße 🚀 \uFEFFin the middle');
    expect(readTextFileSync(file)).toBe('Grüße 🚀 \uFEFFin the middle');
    expect(decodeText(Buffer.from(MARK), 'x')).toBe('');
    expect(withoutMark('\uFEFFa')).toBe('a');
    expect(withoutMark('a')).toBe('a');
  });

  test('comes as it was written, whatever text it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((text) => !/^\uFEFF/.test(text)),
        (text) => {
          expect(decodeText(Buffer.from(text), 'x')).toBe(text);
          expect(decodeText(Buffer.concat([Buffer.from(MARK), Buffer.from(text)]), 'x')).toBe(text);
        },
      ),
    );
  });

  test.each<[string, number[], string]>([
    [
      'Latin-1',
      [...Buffer.from('a: 1\nb: caf'), 0xe9, 0x0a, ...Buffer.from('c: 3')],
      'f:2:7: found the byte 0xE9',
    ],
    ['a sequence that is cut', [...Buffer.from('ü\nab'), 0xf0, 0x9f], 'f:2:3: found the byte 0xF0'],
    ['a surrogate', [0x61, 0xed, 0xa0, 0x80], 'f:1:2: found the byte 0xED'],
    ['an overlong form', [0xc0, 0xaf], 'f:1:1: found the byte 0xC0'],
    ['UTF-16, little end first', [0xff, 0xfe, 0x61, 0x00], 'f:1:1: found the mark of UTF-16'],
    ['UTF-16, big end first', [0xfe, 0xff, 0x00, 0x61], 'f:1:1: found the mark of UTF-16'],
  ])('is refused with its place when it is %s', (_, bytes, message) => {
    expect(() => decodeText(Uint8Array.from(bytes), 'f')).toThrow(
      expect.objectContaining({ code: 'NOT_UTF8', message: expect.stringContaining(message) }),
    );
  });

  test('that is missing is told by the file system, and by who asked for it', async () => {
    const error = await readTextFile(join(tmpdir(), 'qbtc-none', 'x')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ENOENT' });
    const told = unreadable('FLOW_UNREADABLE', 'x', error, { hint: 'do' });
    expect(told).toMatchObject({ code: 'FLOW_UNREADABLE', hint: 'do', cause: error });
    const own = new QbtcError('NOT_UTF8', 'x:1:1');
    expect(unreadable('FLOW_UNREADABLE', 'x', own)).toBe(own);
  });
});

describe('a byte order mark changes nothing in', () => {
  const stack = (root: string) => ({ root, resources: [], composeFile: join(root, 'f') }) as unknown as Stack;
  test.each<[string, string, (root: string, file: string) => Promise<unknown>]>([
    ['.env', 'FIRST=1\nSECOND=2\n', (root) => readEnvironment(root, {})],
    ['f', '{"llm": {"text": "x"}}', (root) => readData(root, '@f')],
    ['f', 'services: {a: {image: b}}', async (root) => (await readComposeFile(stack(root)))?.data],
    ['f', 'exchanges: [{name: a, type: topic}]', (_, file) => readTopology([file])],
    ['f.sql', 'create table a ()', async (root) => (await readMigrations([root])).map(({ text }) => text)],
    ['f.json', '{"title": "a"}', async (root) => (await readSchemas(root)).map(({ schema }) => schema)],
    ['f.json', '{"type": "string"}', (root) => schemaMismatches('a', 'f.json', root)],
    ['package.json', '{"workspaces": []}', (root) => workspacesOf(root)],
  ])('%s: %s', async (name, text, read) => {
    const of = async (bytes: Buffer) => {
      const root = await temporaryFolder('qbtc-text-');
      await writeFile(join(root, name), bytes);
      return JSON.parse(JSON.stringify(await read(root, join(root, name))));
    };
    const plain = await of(Buffer.from(text));
    expect(plain).toBeTruthy();
    expect(await of(Buffer.concat([Buffer.from(MARK), Buffer.from(text)]))).toEqual(plain);
  });
});

/** Files that qbtc itself writes, or the system: they have no mark, and each knows how it is read. */
const OWN_FILES = [
  /^src\/text-file\.ts$/,
  // Ledgers, state and logs in `.qbtc`, and what the embedded programs keep.
  /^src\/(state\/.*|heal\/audit|score\/history|lifecycle\/lock|trace\/.*|embedded\/.*)\.ts$/,
  /^src\/(runtimes\/containers\/declarations|resources\/places|services\/(images|bundle|env-files)|logs\/.*)\.ts$/,
  // Inputs of bundles, by their bytes: a mark makes another digest, and esbuild reads them then.
  /^src\/services\/(bundle-inputs|bundling|code-cache|ready-made)\.ts$/,
  // Of servers and of the system.
  /^src\/resources\/(postgres\/(?!migration).*|(rabbitmq|redis)\/native)\.ts$/,
  /^src\/(alive|system\/host\/.*)\.ts$/,
  // Its cache of what it has read.
  /^src\/config\/gateway-files\.ts$/,
  // The built scripts of the commands, and their code.
  /^commands\/(launch|code-cache)\.ts$/,
  // Of the template; what an add-on has laid, and what `upgrade` compares, by their bytes.
  /^src\/scaffold\/(lay|ledger|upgrade\/(base|tree))\.ts$/,
  // The list of what `qbtc ci` has written itself.
  /^commands\/ci\/folder\.ts$/,
];

test('no reader of such a file goes past the one that takes the mark off', async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const past: string[] = [];
  for (const folder of ['src', 'commands'])
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      const path = relative(root, join(root, folder, name)).replaceAll('\\', '/');
      if (!path.endsWith('.ts') || OWN_FILES.some((own) => own.test(path))) continue;
      if (/\breadFile(Sync)?\(/.test(await readFile(join(root, path), 'utf8'))) past.push(path);
    }
  expect(past).toEqual([]);
});
