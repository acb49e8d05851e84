import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { long, longstr } from '../../../../src/embedded/broker/codec/table.ts';
import { Message } from '../../../../src/embedded/broker/message.ts';
import { Batch, JournalFile } from '../../../../src/embedded/broker/store/journal.ts';
import { readRecords } from '../../../../src/embedded/broker/store/reading.ts';
import {
  type FileRecord,
  RecordDecoder,
  RecordEncoder,
  type StoredRecord,
} from '../../../../src/embedded/broker/store/record.ts';

let folder: string;
let files = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qbtc-journal-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const name = fc.string({ maxLength: 40 });
const table = fc
  .dictionary(name, fc.oneof(name.map(longstr), fc.integer().map(long)), { maxKeys: 3 })
  .map((entries) => new Map(Object.entries(entries)));
const position = fc.nat({ max: 2 ** 52 });
const message = fc
  .tuple(name, name, name, fc.uint8Array({ maxLength: 300 }), fc.constantFrom(0, 8_192, 300_000))
  .map(([exchange, key, id, bytes, more]) =>
    Message.of(
      exchange,
      key,
      { message_id: id, delivery_mode: 2 },
      Buffer.concat([bytes, Buffer.alloc(more, 'x')]),
    ),
  );
const record: fc.Arbitrary<StoredRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('exchange' as const),
    name,
    type: name,
    autoDelete: fc.boolean(),
    internal: fc.boolean(),
    arguments: table,
  }),
  fc.record({ kind: fc.constant('queue' as const), name, autoDelete: fc.boolean(), arguments: table }),
  fc.record({ kind: fc.constantFrom('exchange-gone' as const, 'queue-gone' as const), name }),
  fc.record({
    kind: fc.constantFrom('binding' as const, 'binding-gone' as const),
    source: name,
    destination: fc.record({ kind: fc.constantFrom('queue' as const, 'exchange' as const), name }),
    routingKey: name,
    arguments: table,
  }),
  fc.record({
    kind: fc.constant('message' as const),
    queue: name,
    position,
    expiresAt: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat({ max: 2 ** 45 })),
    deliveries: fc.nat(),
    message,
  }),
  fc.record({ kind: fc.constant('delivered' as const), queue: name, position, deliveries: fc.nat() }),
  fc.record({ kind: fc.constant('message-gone' as const), queue: name, position }),
);
/** Some messages stand in several records in a row, as after a publish to several queues. */
const log = fc
  .array(record, { maxLength: 20 })
  .map((records) =>
    records.flatMap((each): StoredRecord[] =>
      each.kind === 'message' ? [each, { ...each, queue: `${each.queue}2` }] : [each],
    ),
  );

/** Writes the records, `batch` at a time; gives the file and where each record ends. */
function write(records: readonly StoredRecord[], batchSize: number): { path: string; ends: number[] } {
  files += 1;
  const path = join(folder, `journal-${files}`);
  const journal = new JournalFile(path);
  const encoder = new RecordEncoder();
  const batch = new Batch();
  const ends: number[] = [];
  let bytes = 0;
  records.forEach((each, index) => {
    batch.add(encoder.encode(each));
    ends.push(bytes + batch.bytes);
    if ((index + 1) % batchSize !== 0) return;
    journal.write(batch.view());
    bytes += batch.bytes;
    batch.clear();
  });
  journal.write(batch.view());
  journal.close();
  return { path, ends };
}

function read(path: string, promisedBytes?: number) {
  const decoder = new RecordDecoder();
  const records: FileRecord[] = [];
  const offsets: number[] = [];
  const lost: number[] = [];
  const reading = readRecords(
    path,
    (bytes, offset) => {
      const record = decoder.decode(bytes);
      if ('fault' in record) lost.push(offset);
      else {
        records.push(record);
        offsets.push(offset);
      }
    },
    () => decoder.forget(),
    promisedBytes,
  );
  return { records, offsets, lost, reading };
}

/** Messages remember what they have decoded; only what they hold counts. */
function plain(record: FileRecord): unknown {
  if (record.kind !== 'message') return record;
  const { address, properties, body } = record.message;
  return { ...record, message: [address, properties, body].map((bytes) => bytes.toString('latin1')) };
}

describe('the journal', () => {
  it('gives back what was written into it', () => {
    fc.assert(
      fc.property(log, fc.integer({ min: 1, max: 50 }), (records, batchSize) => {
        const { path, ends } = write(records, batchSize);
        const { records: found, reading } = read(path);
        const bytes = ends.at(-1) ?? 0;
        expect(found.map(plain)).toEqual(records.map(plain));
        expect(reading).toEqual({ bytes, wholeBytes: bytes, records: records.length, gaps: [] });
        rmSync(path);
      }),
    );
  });

  it('takes nothing that stands in a write that was cut short for a record', () => {
    const queue: StoredRecord = { kind: 'queue', name: 'q', autoDelete: false, arguments: new Map() };
    const inner = readFileSync(write([{ kind: 'queue-gone', name: 'q' }], 1).path);
    // A message that somebody sends may hold the bytes of a record, and many places that look like the begin of one.
    const body = Buffer.concat([inner, Buffer.alloc(400_000, Buffer.from([1, 0, 1, 0]))]);
    const torn: StoredRecord = {
      kind: 'message',
      queue: 'q',
      position: 1,
      expiresAt: Number.POSITIVE_INFINITY,
      deliveries: 0,
      message: Message.of('', 'q', { delivery_mode: 2 }, body),
    };
    const { path, ends } = write([queue, torn], 1);
    const [promised = 0, end = 0] = ends;
    truncateSync(path, end - 1);
    const { records, reading } = read(path, promised);
    expect(records.map(plain)).toEqual([plain(queue)]);
    expect(reading.gaps).toEqual([
      { offset: promised, bytes: end - 1 - promised, before: 1, after: 0, looksTorn: true },
    ]);
  });

  it('is read up to the last whole record wherever it is cut off', () => {
    const [records = []] = fc.sample(
      log.filter(
        (all) =>
          all.length > 10 && all.every((each) => each.kind !== 'message' || each.message.body.length < 400),
      ),
      { numRuns: 1, seed: 7 },
    );
    const { path, ends } = write(records, 3);
    const whole = readFileSync(path);
    for (let cut = whole.length; cut >= 0; cut -= 1) {
      truncateSync(path, cut);
      const { records: found, reading } = read(path);
      const expected = ends.filter((each) => each <= cut).length;
      const wholeBytes = ends[expected - 1] ?? 0;
      expect(found.length, `cut at ${cut}`).toBe(expected);
      if (cut === whole.length) expect(found.map(plain)).toEqual(records.map(plain));
      const gap = {
        offset: wholeBytes,
        bytes: cut - wholeBytes,
        before: expected,
        after: 0,
        looksTorn: true,
      };
      expect(reading).toEqual({
        bytes: cut,
        wholeBytes,
        records: expected,
        gaps: cut === wholeBytes ? [] : [gap],
      });
    }
  });

  it('is read on behind a record that was damaged, and up to zeros', () => {
    fc.assert(
      fc.property(
        log.filter((all) => all.length > 0),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (records, at, flip) => {
          const { path, ends } = write(records, 5);
          const bytes = readFileSync(path);
          const { offsets: whole } = read(path);
          const damaged = at % bytes.length;
          bytes[damaged] = (bytes[damaged] ?? 0) ^ flip;
          writeFileSync(path, bytes);
          const hit = ends.findIndex((end) => end > damaged);
          const { offsets, lost, reading } = read(path);
          // Everything but the one that was hit, and what shares its content.
          expect([...offsets, ...lost].sort((a, b) => a - b)).toEqual(
            whole.filter((_, index) => index !== hit),
          );
          const [start = 0, end = 0] = [whole[hit], ends[hit]];
          expect(reading.gaps).toMatchObject([
            { offset: start, bytes: end - start, before: hit, after: records.length - hit - 1 },
          ]);
          bytes[damaged] = (bytes[damaged] ?? 0) ^ flip;
          writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(4_096)]));
          expect(read(path).reading).toMatchObject({
            wholeBytes: bytes.length,
            gaps: [{ offset: bytes.length, bytes: 4_096, looksTorn: true }],
          });
          rmSync(path);
        },
      ),
    );
  });

  it('writes a message that goes into several queues once', () => {
    const big = Message.of('', 'key', { delivery_mode: 2 }, Buffer.alloc(100_000));
    const into = (queue: string): StoredRecord => ({
      kind: 'message',
      queue,
      position: 1,
      expiresAt: Number.POSITIVE_INFINITY,
      deliveries: 0,
      message: big,
    });
    const { path, ends } = write(['a', 'b', 'c'].map(into), 3);
    expect(ends.at(-1)).toBeLessThan(100_300);
    const { records } = read(path);
    expect(records.map((each) => each.kind === 'message' && each.message.body.length)).toEqual([
      100_000, 100_000, 100_000,
    ]);
  });
});
