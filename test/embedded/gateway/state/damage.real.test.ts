import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSealing } from '../../../../src/embedded/gateway/sealing.ts';
import { FileJournal } from '../../../../src/embedded/gateway/state/journal.ts';
import { openKeyring } from '../../../../src/embedded/gateway/state/keyring.ts';
import { Store } from '../../../../src/embedded/gateway/state/store.ts';
import { QbtcError } from '../../../../src/errors.ts';

type Files = Record<string, Buffer>;

let root: string;
let copies = 0;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'qbtc-gateway-damage-'));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function newFolder(): string {
  copies += 1;
  const path = join(root, String(copies));
  mkdirSync(path);
  return path;
}

function filesOf(path: string): Files {
  return Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name))]));
}

async function open(folder: string, acceptLoss = false, warnings: string[] = []): Promise<Store> {
  const key = await openKeyring(folder);
  const log = (level: string, message: string) => void warnings.push(`${level}: ${message}`);
  const options = { acceptLoss, folder, cause: key.damage };
  const store = await Store.open(
    new FileJournal(folder, log, key.isThere),
    createSealing(key.keyring),
    options,
  );
  await key.keep();
  return store;
}

interface Found {
  /** `undefined` when it was refused. */
  ids: string[] | undefined;
  error?: QbtcError;
  warnings: string[];
}

/** Opens a store on these files. A refusal has changed none of them. */
async function read(files: Files, acceptLoss = false): Promise<Found> {
  const path = newFolder();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(path, name), bytes);
  const warnings: string[] = [];
  try {
    const store = await open(path, acceptLoss, warnings);
    const ids = [...store.list('routes'), ...store.list('consumers')].map(({ id }) => id);
    await store.close();
    if (acceptLoss) {
      // The word is needed once.
      const again = await open(path);
      expect([...again.list('routes'), ...again.list('consumers')].map(({ id }) => id)).toEqual(ids);
      await again.close();
    }
    return { ids, warnings };
  } catch (error) {
    if (!(error instanceof QbtcError)) throw error;
    expect(filesOf(path)).toEqual(files);
    return { ids: undefined, error, warnings };
  } finally {
    rmSync(path, { recursive: true });
  }
}

const IDS = ['a', 'b', 'jack'];

/** What a gateway leaves that is killed: journal, extent and keyring. */
async function killed({ rewritten = false } = {}): Promise<Files> {
  const folder = newFolder();
  const store = await open(folder);
  // So many changes of one resource that the journal is written anew.
  if (rewritten)
    await Promise.all(Array.from({ length: 4_110 }, () => store.put('routes', 'a', { uri: '/a' })));
  await store.put('routes', 'a', { uri: '/a' });
  await store.put('routes', 'b', { uri: '/b' });
  await store.put('consumers', 'jack', { username: 'jack', plugins: { 'key-auth': { key: 'of-jack' } } });
  const files = filesOf(folder);
  await store.close();
  return files;
}

const flip = (bytes: Buffer, at: number): Buffer => {
  const flipped = Buffer.from(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
  return flipped;
};

describe.each([
  ['appended', false],
  ['written anew', true],
])('the state of a gateway that was killed: %s', (_, rewritten) => {
  let files: Files;
  let state: Buffer;

  beforeAll(async () => {
    files = await killed({ rewritten });
    state = files['state.jsonl'] ?? Buffer.alloc(0);
  });

  it('is read when nothing is wrong with it', async () => {
    expect(await read(files)).toEqual({ ids: IDS, warnings: [] });
    expect(state.toString()).not.toContain('of-jack');
    expect(state.toString().startsWith('{"begin"')).toBe(rewritten);
  });

  it('is refused for one bit in any byte, with the file; the rest is in force with the word of the user', async () => {
    for (let at = 0; at < state.length; at += 1) {
      const damaged = { ...files, 'state.jsonl': flip(state, at) };
      const { error } = await read(damaged);
      expect(error?.code, `byte ${at}`).toBe('GATEWAY_STATE_UNREADABLE');
      expect(error?.message).toContain('state.jsonl');
      expect(error?.hint).toMatch(/qbtc up --accept-loss.*by hand does not/);
      if (at % 7 !== 0) continue;
      const { ids } = await read(damaged, true);
      // One line, or two that the end of one has made into one.
      expect(ids?.length, `byte ${at}`).toBeGreaterThanOrEqual(IDS.length - 2);
    }
  });

  it('is refused wherever it is cut off, empty, and missing', async () => {
    for (let length = 0; length < state.length; length += 1) {
      const { error } = await read({ ...files, 'state.jsonl': state.subarray(0, length) });
      expect(error?.message, `cut at ${length}`).toContain('state.jsonl');
    }
    const { 'state.jsonl': _, ...rest } = files;
    expect((await read(rest)).error?.message).toContain('state.jsonl is missing');
    expect((await read(rest, true)).ids).toEqual([]);
    // The keyring alone says that there was one.
    const { extent: __, ...keyring } = rest;
    expect((await read(keyring)).error?.message).toContain('state.jsonl is missing');
    expect((await read(keyring, true)).ids).toEqual([]);
  });

  it('is refused when its keyring is missing, cut or changed, as long as something was sealed with it', async () => {
    const { keyring = Buffer.alloc(0), ...rest } = files;
    for (const bytes of [undefined, Buffer.alloc(0), keyring.subarray(0, 20), flip(keyring, 3)]) {
      const damaged: Files = bytes === undefined ? rest : { ...rest, keyring: bytes };
      const { error } = await read(damaged);
      expect([error?.message, ...(error?.details ?? [])].join('\n')).toMatch(/consumers\/jack.*"keyring"/);
      expect((await read(damaged, true)).ids).toEqual(['a', 'b']);
    }
  });

  it('is read when the extent is missing or damaged, and that is said', async () => {
    const { extent = Buffer.alloc(0), ...rest } = files;
    for (const bytes of [undefined, Buffer.alloc(0), extent.subarray(0, 9), flip(extent, 13)]) {
      const damaged: Files = bytes === undefined ? rest : { ...rest, extent: bytes };
      expect(await read(damaged)).toEqual({
        ids: IDS,
        warnings: [expect.stringContaining('how far was confirmed')],
      });
    }
  });

  it('is read up to the end that a crash has torn, and that is said', async () => {
    const torn = Buffer.concat([state, Buffer.from('{"put":{"collection":"routes","id":"torn"')]);
    expect(await read({ ...files, 'state.jsonl': torn })).toEqual({
      ids: IDS,
      warnings: [expect.stringContaining('not whole')],
    });
  });
});

it('is read as an earlier version has written it, without checksums and extent', async () => {
  const { 'state.jsonl': state = Buffer.alloc(0), keyring = Buffer.alloc(0) } = await killed();
  const plain = state.toString().replaceAll(/\t.{8}$/gm, '');
  expect(plain).not.toContain('\t');
  expect(await read({ keyring, 'state.jsonl': Buffer.from(plain) })).toEqual({ ids: IDS, warnings: [] });
});

it.each([
  ['{"rename":{"collection":"routes"}}', 'a record of the unknown kind rename'],
  ['{"put":{"collection":"routes","id":"x"}}', '/apisix/routes/x is no object'],
  ['{"put":{"collection":"stream_routes","id":"x","value":{}}}', 'no collection stream_routes'],
])('is refused for a record that is not understood, and why is said: %s', async (line, reason) => {
  const files = await killed();
  const state = files['state.jsonl'] ?? Buffer.alloc(0);
  const { error } = await read({ ...files, 'state.jsonl': Buffer.concat([state, Buffer.from(`${line}\n`)]) });
  expect(error?.message).toContain(`state.jsonl, byte ${state.length}: ${reason}`);
});
