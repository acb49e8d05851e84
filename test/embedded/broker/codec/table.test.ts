import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader } from '../../../../src/embedded/broker/codec/reader.ts';
import {
  type Field,
  readTable,
  skipTable,
  sorted,
  type Table,
  writeTable,
} from '../../../../src/embedded/broker/codec/table.ts';
import { Writer } from '../../../../src/embedded/broker/codec/writer.ts';
import { AmqpError } from '../../../../src/embedded/broker/errors.ts';

const shortText = fc.string({ unit: 'grapheme', maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const int = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const of = <Type extends Field['type'], Value>(type: Type, values: fc.Arbitrary<Value>) =>
  values.map((value) => ({ type, value }) as unknown as Field);

const { table } = fc.letrec<{ field: Field; table: Table }>((tie) => ({
  field: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    of('longstr', fc.string({ unit: 'grapheme' })),
    of('byte', int(8)),
    of('unsignedbyte', uint(8)),
    of('short', int(16)),
    of('unsignedshort', uint(16)),
    of('signedint', int(32)),
    of('unsignedint', uint(32)),
    of('long', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    of('timestamp', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    of('float', fc.float()),
    of('double', fc.double()),
    of('decimal', fc.record({ places: uint(8), digits: uint(32) })),
    of('bool', fc.boolean()),
    of('binary', bytes),
    of('void', fc.constant(null)),
    of('array', fc.array(tie('field'), { maxLength: 4 })),
    of('table', tie('table')),
  ),
  table: fc.array(fc.tuple(shortText, tie('field')), { maxLength: 5 }).map((entries) => new Map(entries)),
}));

function encode(value: Table): Buffer {
  const writer = new Writer();
  writeTable(writer, value);
  return writer.copy();
}

describe('field tables', () => {
  it('come back from the wire as they were, with every type', () => {
    fc.assert(
      fc.property(table, (value) => {
        const encoded = encode(value);
        const reader = new Reader(encoded);
        expect(readTable(reader)).toEqual(value);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  it('are skipped exactly as far as they reach', () => {
    fc.assert(
      fc.property(table, bytes, (value, rest) => {
        const reader = new Reader(Buffer.concat([encode(value), rest]));
        skipTable(reader);
        expect(reader.remaining).toBe(rest.length);
      }),
    );
  });

  it('are refused when they are cut or garbled, never read beyond their end', () => {
    fc.assert(
      fc.property(table, fc.nat(), fc.nat({ max: 255 }), (value, where, byte) => {
        const encoded = encode(value);
        const garbled = Buffer.from(encoded);
        garbled[where % garbled.length] = byte;
        for (const input of [garbled, encoded.subarray(0, where % encoded.length)]) {
          const results = [readTable, skipTable].map((read) => {
            try {
              read(new Reader(input));
              return 'read';
            } catch (thrown) {
              expect(thrown).toBeInstanceOf(AmqpError);
              return 'refused';
            }
          });
          // What skipping lets through must be readable by whoever gets the message; keys may be malformed text.
          if (results[0] === 'read') expect(results[1]).toBe('read');
        }
      }),
    );
  });

  it('are not nested without end', () => {
    let nested: Table = new Map();
    for (let depth = 0; depth < 100; depth += 1) nested = new Map([['t', { type: 'table', value: nested }]]);
    const encoded = encode(nested);
    expect(() => readTable(new Reader(encoded))).toThrow('nested too deeply');
    expect(() => skipTable(new Reader(encoded))).toThrow('nested too deeply');
  });

  it('are sorted by key', () => {
    fc.assert(
      fc.property(table, (value) => {
        const keys = [...sorted(value).keys()];
        expect(keys).toEqual([...value.keys()].sort());
      }),
    );
  });
});
