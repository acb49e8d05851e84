import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageProperties } from '../../src/amqp/message-properties.ts';
import { readProperties, writeProperties } from '../../src/embedded/broker/codec/properties.ts';
import type { Field } from '../../src/embedded/broker/codec/table.ts';
import { everyProperty } from '../support/every-property.ts';

describe('the properties of a message', () => {
  it('are read as they are, whole numbers with every digit', () => {
    const properties = everyProperty();
    expect(properties.timestamp).toBe(-1);
    expect(properties.headers).toMatchObject({
      t: true,
      b: -128,
      i: 4_294_967_295,
      l: 9_007_199_254_740_993n,
      'l, least': -(2n ** 63n),
      d: 5,
      D: 42_949_672.95,
      S: 'ü',
      'S, no UTF-8': Buffer.from([0xff, 0xfe, 0x00]),
      A: [3, { x: Buffer.from([0, 255]) }],
      'T, before 1970': -86_400,
      F: { l: 2n ** 62n + 1n },
      V: null,
      x: Buffer.from([0xc3, 0x28]),
    });
    expect(MessageProperties.NONE.headers).toBeUndefined();
  });

  it('keep every byte of what is not changed', () => {
    const properties = everyProperty({ expiration: '1', priority: 9 });
    const changed = properties
      .with({ expiration: undefined, priority: 1, userId: 'u' })
      .withHeaders({ 'x-replays': 1, S: 'other' }, (name) => name === 'V');
    expect(
      changed
        .with({ expiration: '1', priority: 9, userId: undefined })
        .withHeaders({}, (name) => name === 'x-replays').headers,
    ).toEqual({ ...withoutV(properties.headers), S: 'other' });
    // To nothing and back: only flags are left.
    expect(properties.withHeaders({}).bytes).toEqual(properties.bytes);
    expect(properties.with({}).bytes).toEqual(properties.bytes);
  });

  it('keep a name that comes twice, a name that is no UTF-8, and a type that RabbitMQ takes from others', () => {
    const fields = Buffer.concat([
      Buffer.from([1, 0x61, 0x74, 2]),
      Buffer.from([1, 0x61, 0x74, 0]),
      Buffer.from([2, 0xff, 0xfe, 0x56]),
      Buffer.from([1, 0x62, 0x4c, 0, 0x20, 0, 0, 0, 0, 0, 1]),
    ]);
    const bytes = Buffer.concat([Buffer.from([0x20, 0, 0, 0, 0, fields.length]), fields]);
    const properties = new MessageProperties(bytes);
    expect(properties.withHeaders({ x: 1 }).withHeaders({}, (name) => name === 'x').bytes).toEqual(bytes);
    expect(properties.headers).toMatchObject({ b: 9_007_199_254_740_993n });
  });

  it('are written as the protocol says, whatever they hold', () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(
        fc.record(
          {
            contentType: fc.string({ maxLength: 50 }),
            deliveryMode: fc.nat(255),
            priority: fc.nat(255),
            timestamp: int64,
            appId: fc.string({ unit: 'grapheme', maxLength: 10 }),
            headers: fc.dictionary(fc.string({ maxLength: 20 }), fc.oneof(fc.string(), int64, fc.boolean())),
          },
          { requiredKeys: [] },
        ),
        (values) => {
          const { bytes } = MessageProperties.of(values);
          const read = readProperties(bytes);
          expect(writeProperties(read)).toEqual(bytes);
          expect(read.app_id).toBe(values.appId);
          expect([...(read.headers ?? [])].map(([name, field]) => [name, field.value])).toEqual(
            Object.entries(values.headers ?? {}),
          );
        },
      ),
    );
  });

  it('are not read deeper than anybody needs: a nest of tables ends nothing', () => {
    let field: Field = { type: 'void', value: null };
    for (let depth = 0; depth < 60; depth += 1) field = { type: 'array', value: [field] };
    let bytes = writeProperties({ headers: new Map([['deep', field]]) });
    expect(new MessageProperties(bytes).headers).toHaveProperty('deep');
    // 20,000 arrays, one within the other: less than a frame holds.
    let nested = Buffer.alloc(0);
    for (let depth = 0; depth < 20_000; depth += 1) {
      const length = Buffer.alloc(5, 'A');
      length.writeUInt32BE(5 * depth, 1);
      nested = Buffer.concat([length, nested]);
    }
    const table = Buffer.concat([Buffer.from([1, 0x64]), nested]);
    const head = Buffer.alloc(6);
    head.writeUInt16BE(0x2000);
    head.writeUInt32BE(table.length, 2);
    bytes = Buffer.concat([head, table]);
    expect(new MessageProperties(bytes).headers).toHaveProperty('d');
  });

  it('are the same text in the runtime of a stack', () => {
    const here = new URL('../../src/amqp/', import.meta.url);
    const there = new URL('../../templates/stack/packages/runtime/src/bus/amqp/', import.meta.url);
    expect(readdirSync(there).sort()).toEqual(readdirSync(here).sort());
    for (const name of readdirSync(here))
      expect(readFileSync(new URL(name, there), 'utf8'), name).toBe(
        readFileSync(new URL(name, here), 'utf8'),
      );
  });
});

function withoutV({ V: _, ...rest }: Record<string, unknown> = {}): Record<string, unknown> {
  return rest;
}
