import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ContractChange, diffContracts } from '../../src/events/diff.ts';
import type { Schema, SchemaFile } from '../../src/events/schema-file.ts';

const file = (schema: Schema, major = 1): SchemaFile => ({
  name: 'it',
  file: '/it.json',
  schema: { ...schema, $id: `urn:qbtc:event:it:${major}` },
  at: () => ({ line: 1, column: 1 }),
});
const diff = (before: Schema, after: Schema) => diffContracts([file(before)], [file(after)]);
const text = ({ field, what, breaks }: ContractChange) =>
  `${field}: ${what} (${breaks.join(' and ') || 'safe'})`;

const closed = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

describe('diffContracts', () => {
  it.each<[string, Schema, Schema, string[]]>([
    ['nothing', closed({ a: { type: 'string' } }), closed({ a: { type: 'string' } }), []],
    [
      'a description',
      closed({ a: { type: 'string', description: 'x' } }),
      closed({ a: { type: 'string', description: 'y' } }),
      [],
    ],
    ['a new field', closed({}), closed({ a: { type: 'string' } }), ['a: is new (forward)']],
    ['a removed field', closed({ a: { type: 'string' } }), closed({}), ['a: was removed (backward)']],
    [
      'a field that is required now',
      closed({ a: { type: 'string' } }),
      closed({ a: { type: 'string' } }, ['a']),
      ['a: is required now (backward)'],
    ],
    [
      'a new value',
      closed({ a: { enum: ['x'] } }),
      closed({ a: { enum: ['x', 'y'] } }),
      ['a: has the new values "y" (forward)'],
    ],
    [
      'a value less',
      closed({ a: { enum: ['x', 'y'] } }),
      closed({ a: { const: 'x' } }),
      ['a: no longer has the values "y" (backward)'],
    ],
    ['a wider type', { type: 'integer' }, { type: 'number' }, [': may be number (forward)']],
    [
      'a narrower bound',
      { type: 'string', maxLength: 9 },
      { type: 'string', maxLength: 5 },
      [': maxLength 9 became 5 (backward)'],
    ],
    [
      'a deep one',
      closed({ a: { type: 'array', items: closed({ b: { type: 'string' } }) } }),
      closed({ a: { type: 'array', items: closed({ b: { type: 'null' } }) } }),
      ['a[].b: is no longer string (backward)', 'a[].b: may be null (forward)'],
    ],
    [
      'a definition that refers to itself',
      { $ref: '#/$defs/tree', $defs: { tree: closed({ of: { $ref: '#/$defs/tree' } }) } },
      {
        $ref: '#/$defs/tree',
        $defs: { tree: closed({ of: { $ref: '#/$defs/tree' }, n: { type: 'null' } }) },
      },
      ['n: is new (forward)'],
    ],
    [
      'a condition',
      { type: 'object', if: { required: ['a'] } },
      { type: 'object', if: { required: ['b'] } },
      [': if has changed in a way that cannot be compared (backward and forward)'],
    ],
  ])('finds %s', (_, before, after, expected) => {
    expect(diff(before, after).map(text)).toEqual(expected);
  });

  it('takes a higher major version for another event', () => {
    const changes = diffContracts([file(closed({ a: { type: 'string' } }))], [file(closed({}), 2)]);
    expect(changes.map(text)).toEqual([': version 1 became version 2 (safe)']);
  });

  it('never calls a change harmless that refuses what was valid before, or sends what was not', () => {
    const leaf: fc.Arbitrary<Schema> = fc.oneof(
      fc.record({ type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'null') }),
      fc.record({ type: fc.constant('string'), maxLength: fc.nat(3), minLength: fc.nat(2) }),
      fc.record({ type: fc.constantFrom('integer', 'number'), minimum: fc.nat(3), maximum: fc.nat(5) }),
      fc.record({ enum: fc.uniqueArray(fc.constantFrom('a', 'b', 1, null), { minLength: 1 }) }),
      fc.record({ type: fc.uniqueArray(fc.constantFrom('string', 'integer', 'null'), { minLength: 1 }) }),
    );
    const schema: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => ({
      schema: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.record({ type: fc.constant('array'), items: tie('schema') }),
        fc
          .record({
            properties: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('schema'), { maxKeys: 3 }),
            required: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }),
            closed: fc.boolean(),
          })
          .map(({ properties, required, closed: isClosed }) => ({
            type: 'object',
            properties,
            required,
            ...(isClosed ? { additionalProperties: false } : {}),
          })),
      ),
    })).schema;
    const value = fc.jsonValue({ maxDepth: 2 });
    const likely = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        fc.constantFrom('a', 'b', '', 'abcd', 0, 1, 4, 1.5, null, true),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    const ajv = new Ajv2020({ strict: false });
    fc.assert(
      fc.property(
        schema,
        schema,
        fc.array(fc.oneof(likely, value), { minLength: 20, maxLength: 40 }),
        (a, b, values) => {
          const breaks = new Set(diff(a, b).flatMap((change) => change.breaks));
          const [isOld, isNew] = [ajv.compile(a), ajv.compile(b)];
          for (const each of values) {
            if (isOld(each) && !isNew(each)) expect(breaks).toContain('backward');
            if (isNew(each) && !isOld(each)) expect(breaks).toContain('forward');
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
