import { describe, expect, it } from 'vitest';
import type { Schema, SchemaFile } from '../../src/events/schema-file.ts';
import { typesOf as typesIn } from '../../src/events/types.ts';

const typesOf = (files: readonly SchemaFile[]) => typesIn(files, { exchange: 'qbtc.topic' });
const file = (name: string, schema: Schema): SchemaFile => ({
  name,
  file: `/${name}.json`,
  schema,
  at: () => ({ line: 1, column: 1 }),
});
const event = (name: string, schema: Schema) => file(name, { ...schema, $id: `urn:qbtc:event:${name}:1` });

describe('typesOf', () => {
  it('follows a reference to any place, and joins what stands beside it', () => {
    const text = typesOf([
      event('it', {
        type: 'object',
        additionalProperties: false,
        properties: {
          deep: { $ref: '#/$defs/group/inner' },
          own: { $ref: '#/properties/size' },
          named: { $ref: '#anchored' },
          far: { $ref: 'urn:qbtc:event:other:1#/properties/id' },
          both: { $ref: '#/$defs/point', properties: { z: { type: 'number' } }, additionalProperties: false },
          all: { allOf: [{ $ref: '#/$defs/point' }, { type: 'object', properties: { w: true } }] },
          size: { type: 'integer' },
          map: { type: 'object', additionalProperties: { $ref: '#' } },
        },
        $defs: {
          point: { type: 'object', properties: { x: { type: 'number' } }, additionalProperties: false },
          group: { inner: { enum: ['a', 'b'] } } as Schema,
          name: { $anchor: 'anchored', type: 'string' },
        },
      }),
      event('other', { type: 'object', properties: { id: { type: ['string', 'null'] } } }),
    ]);
    for (const line of [
      '  deep?: ItInner;',
      '  own?: ItSize;',
      '  named?: ItName;',
      '  map?: { [field: string]: It };',
      "export type ItInner = 'a' | 'b';",
      'export type ItSize = number;',
    ])
      expect(text).toContain(line);
    expect(text).toMatch(/far\?: \w+;/);
    expect(text).toMatch(/both\?: ItPoint & \{\s+z\?: number;\s+\};/);
    expect(text).toMatch(/all\?: ItPoint & \{\s+w\?: unknown;/);
  });
});
