import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newCounters } from '../../../../src/embedded/broker/counters.ts';
import { Message } from '../../../../src/embedded/broker/message.ts';
import { DurableStore } from '../../../../src/embedded/broker/store/durable.ts';
import { StoreFolder } from '../../../../src/embedded/broker/store/folder.ts';
import { readRecords } from '../../../../src/embedded/broker/store/reading.ts';
import { RecordDecoder } from '../../../../src/embedded/broker/store/record.ts';
import { replay } from '../../../../src/embedded/broker/store/replay.ts';
import { VirtualHost } from '../../../../src/embedded/broker/virtual-host/virtual-host.ts';
import { QbtcError } from '../../../../src/errors.ts';

let root: string;
let copies = 0;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'qbtc-damage-'));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function newFolder(): string {
  copies += 1;
  const path = join(root, String(copies));
  mkdirSync(path);
  return path;
}

type Files = Record<string, Buffer>;

function filesOf(path: string): Files {
  const names = readdirSync(path).filter((name) => name !== 'lock');
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(path, name))]));
}

function folderOf(files: Files): string {
  const path = newFolder();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(path, name), bytes);
  return path;
}

interface Found {
  bodies: string[];
  warnings: string[];
  error?: QbtcError;
  /** What was kept aside. */
  aside?: Files;
}

/** Reads the files; `error` when that was refused, with nothing changed. */
function read(files: Files, acceptLoss = false): Found {
  const path = folderOf(files);
  const warnings: string[] = [];
  const log = (level: string, message: string) => {
    if (level !== 'info') warnings.push(message);
  };
  try {
    const { image } = replay(new StoreFolder(path), log, acceptLoss);
    const bodies = [...image.queues.values()].flatMap(({ messages }) =>
      [...messages.values()].map(({ message }) => message.body.toString()),
    );
    const aside = readdirSync(path).includes('damaged-1') ? { aside: filesOf(join(path, 'damaged-1')) } : {};
    return { bodies, warnings, ...aside };
  } catch (error) {
    expect(error).toBeInstanceOf(QbtcError);
    expect(filesOf(path)).toEqual(files);
    return { bodies: [], warnings, error: error as QbtcError };
  } finally {
    rmSync(path, { recursive: true });
  }
}

interface Broker {
  store: DurableStore;
  vhost: VirtualHost;
  path: string;
  publish(bodies: string[]): Promise<void>;
}

async function open(path: string, options: object = {}): Promise<Broker> {
  const store = new DurableStore(path, () => undefined, options);
  const vhost = new VirtualHost('/', store, { deliver: () => undefined }, newCounters(), () => undefined);
  vhost.restore(store.image);
  await store.settle();
  const given = { durable: true, autoDelete: false, exclusiveOwner: undefined, arguments: new Map() };
  const queue = vhost.declareQueue('q', given);
  return {
    store,
    vhost,
    path,
    async publish(bodies) {
      await Promise.all(
        bodies.map(
          (body) =>
            new Promise<void>((stored, lost) => {
              const message = Message.of('', 'q', { delivery_mode: 2 }, Buffer.from(body));
              queue.publish(message, { stored, lost });
            }),
        ),
      );
    },
  };
}

async function close({ vhost, store }: Broker): Promise<void> {
  vhost.close();
  await store.close();
}

const BODIES = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(6));

/** What a broker leaves that is killed after its confirms: a journal alone, or a snapshot and its journal. */
async function killed(withSnapshot: boolean): Promise<Files> {
  const first = await open(newFolder(), { slackBytes: 1e9 });
  await first.publish(BODIES.slice(0, 2));
  if (!withSnapshot) {
    await first.publish(BODIES.slice(2));
    const files = filesOf(first.path);
    await close(first);
    return files;
  }
  await close(first);
  // Each further byte is one too many: what is there is written anew.
  const second = await open(first.path, { slackBytes: -1e9 });
  await second.publish(BODIES.slice(2, 3));
  await vi.waitFor(() =>
    expect(Object.keys(filesOf(first.path)).sort()).toEqual([
      'extent',
      'journal-00000002',
      'snapshot-00000002',
    ]),
  );
  await close(second);
  const third = await open(first.path, { slackBytes: 1e9 });
  await third.publish(BODIES.slice(3));
  const files = filesOf(first.path);
  await close(third);
  return files;
}

/** Where the records of a file begin. */
function recordsOf(bytes: Buffer): { offset: number; kind: string }[] {
  const path = join(newFolder(), 'file');
  writeFileSync(path, bytes);
  const decoder = new RecordDecoder();
  const records: { offset: number; kind: string }[] = [];
  readRecords(path, (record, offset) => {
    const decoded = decoder.decode(record);
    records.push({ offset, kind: 'kind' in decoded ? decoded.kind : decoded.fault });
  });
  return records;
}

describe.each([
  ['a journal alone', false],
  ['a snapshot and its journal', true],
])('files of a broker that was killed: %s', (_, withSnapshot) => {
  let files: Files;
  let names: string[];
  let stored: string[];

  beforeAll(async () => {
    files = await killed(withSnapshot);
    stored = Object.keys(files).filter((name) => name !== 'extent');
    names = withSnapshot ? ['journal-00000002', 'snapshot-00000002'] : ['journal-00000001'];
  });

  it('are read when nothing is wrong with them', () => {
    expect(stored.sort()).toEqual(names);
    expect(read(files)).toMatchObject({ bodies: BODIES, warnings: [] });
  });

  it('are refused for one bit in any byte, with the file and the place; what is whole is read with the word of the user', () => {
    for (const name of stored) {
      const records = recordsOf(files[name] ?? Buffer.alloc(0));
      for (let at = 0; at < (files[name]?.length ?? 0); at += 1) {
        const bytes = Buffer.from(files[name] ?? []);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        const hit = records.filter(({ offset }) => offset <= at).at(-1);
        const damaged = { ...files, [name]: bytes };
        const { error } = read(damaged);
        expect(error?.code, `${name}, byte ${at}`).toBe('BROKER_DATA_DAMAGED');
        expect(error?.message).toContain(`${name}, byte ${hit?.offset}: `);
        expect(error?.hint).toContain('qbtc up --accept-loss');
        const accepted = read(damaged, true);
        expect(accepted.bodies.length, `${name}, byte ${at}`).toBe(
          BODIES.length - Number(hit?.kind === 'message'),
        );
        expect(accepted.aside).toEqual({ [name]: bytes });
      }
    }
  });

  it('are refused wherever they are cut off, and when they are empty', () => {
    for (const name of stored)
      for (let length = 0; length < (files[name]?.length ?? 0); length += 1) {
        const cut = { ...files, [name]: Buffer.from(files[name]?.subarray(0, length) ?? []) };
        const { error } = read(cut);
        expect(error?.code, `${name} cut at ${length}`).toBe('BROKER_DATA_DAMAGED');
        expect(error?.message).toContain(name);
      }
  });

  it('are refused when one is missing', () => {
    for (const name of stored) {
      const { [name]: _, ...rest } = files;
      const { error, bodies } = read(rest);
      expect(error?.code).toBe('BROKER_DATA_DAMAGED');
      expect(error?.message, name).toMatch(new RegExp(`${name} is missing`));
      expect(bodies).toEqual([]);
    }
  });

  it('are refused when one has the name of another', () => {
    const [name = ''] = stored;
    const path = folderOf(files);
    renameSync(join(path, name), join(path, name.replace('0000000', '0000001')));
    expect(() => replay(new StoreFolder(path), () => undefined)).toThrow('has lost what was confirmed');
  });

  it('are read when the extent is damaged, cut, empty or missing, and that is said', () => {
    const extent = files.extent ?? Buffer.alloc(0);
    const { extent: _, ...without } = files;
    expect(read(without)).toMatchObject({
      bodies: BODIES,
      warnings: [expect.stringContaining('how far was confirmed')],
    });
    for (let at = 0; at < extent.length; at += 1) {
      const flipped = Buffer.from(extent);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      for (const bytes of [flipped, extent.subarray(0, at)])
        expect(read({ ...files, extent: Buffer.from(bytes) })).toMatchObject({
          bodies: BODIES,
          warnings: [expect.stringContaining('how far was confirmed')],
        });
    }
    // Without it, a record that is whole in length and not in content is damage still.
    const [journal = ''] = stored.filter((name) => name.startsWith('journal'));
    const bytes = Buffer.from(files[journal] ?? []);
    bytes[bytes.length - 2] = (bytes[bytes.length - 2] ?? 0) ^ 1;
    expect(read({ ...without, [journal]: bytes }).error?.code).toBe('BROKER_DATA_DAMAGED');
  });

  it('are read up to an end that was torn behind what was confirmed', () => {
    const [journal = ''] = stored.filter((name) => name.startsWith('journal'));
    for (const tail of [
      Buffer.from([9, 0, 0]),
      Buffer.alloc(4_096),
      Buffer.from('\x20\0\0\0garbage'.padEnd(40, 'x')),
    ]) {
      const torn = { ...files, [journal]: Buffer.concat([files[journal] ?? Buffer.alloc(0), tail]) };
      expect(read(torn)).toMatchObject({ bodies: BODIES, warnings: [expect.stringContaining('not whole')] });
    }
  });

  it('are refused for a record of an unknown kind, with the place', () => {
    const [journal = ''] = stored.filter((name) => name.startsWith('journal'));
    const later = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 99]);
    later.writeUInt32LE(crc32(later.subarray(8)), 4);
    const { error } = read({
      ...files,
      [journal]: Buffer.concat([files[journal] ?? Buffer.alloc(0), later]),
    });
    expect(error?.message).toContain(
      `${journal}, byte ${files[journal]?.length}: a record of the unknown kind 99`,
    );
  });

  it('go on, once the loss was accepted, without the word, with what was whole, and keep what comes then', async () => {
    const [journal = ''] = stored.filter((name) => name.startsWith('journal'));
    const bytes = Buffer.from(files[journal] ?? []);
    const hit = recordsOf(bytes).findLast(({ kind }) => kind === 'message')?.offset ?? 0;
    bytes[hit + 20] = (bytes[hit + 20] ?? 0) ^ 4;
    const path = folderOf({ ...files, [journal]: bytes });
    expect(() => new DurableStore(path, () => undefined)).toThrow('has lost what was confirmed');
    const first = await open(path, { acceptLoss: true });
    await first.publish(['after']);
    // Killed here: what the next one finds is a whole store.
    const copy = newFolder();
    cpSync(path, copy, { recursive: true, filter: (name) => !name.endsWith('lock') });
    const second = await open(copy);
    const queue = second.vhost.queue('q', undefined);
    const found: string[] = [];
    for (let entry = queue.get(true); entry !== undefined; entry = queue.get(true))
      found.push(entry.message.body.toString());
    expect(found).toEqual([...BODIES.slice(0, -1), 'after']);
    expect(readdirSync(join(copy, 'damaged-1'))).toEqual([journal]);
    await Promise.all([close(first), close(second)]);
  });
});
