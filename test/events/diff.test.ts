import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffContracts } from '../../src/events/diff.ts';
import type { Schema, SchemaFile } from '../../src/events/schema-file.ts';
import type { ContractChange } from '../../src/model/contract.ts';
import { likelyValue, type Pair, schemaPair, twoVersions } from '../support/json-schemas.ts';
import { runs } from '../support/property-runs.ts';

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
    [
      'a contract that names its queue',
      closed({}),
      { ...closed({}), 'x-queue': 'q' },
      [': it names the queue q (safe)'],
    ],
    [
      'another queue',
      { ...closed({}), 'x-queue': 'q' },
      { ...closed({}), 'x-queue': 'r' },
      [': the queue q became r (backward and forward)'],
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
      'a list of items, as older drafts have it',
      { items: [{ type: 'string' }] as unknown as Schema },
      { items: [{ type: 'integer' }] as unknown as Schema },
      ['[]: a reference that leads nowhere, or what is no schema, has changed (backward and forward)'],
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

  // https://json-schema.org/draft/2020-12/json-schema-core#section-8.2: each way to refer.
  const text_ = { type: 'string' };
  const strict = closed({ text: { type: 'integer' } }, ['text']);
  const loose = closed({ text: text_ });
  it.each<[string, (part: Schema) => Schema]>([
    ['a definition', (part) => ({ $ref: '#/$defs/part', $defs: { part } })],
    ['a definition of older drafts', (part) => ({ $ref: '#/definitions/part', definitions: { part } })],
    ['a definition below another', (part) => ({ $ref: '#/$defs/a/b', $defs: { a: { b: part } as Schema } })],
    ['an escaped pointer', (part) => ({ $ref: '#/$defs/a~1b%20c', $defs: { 'a/b c': part } })],
    ['a field', (part) => ({ properties: { x: part, y: { $ref: '#/properties/x' } } })],
    ['an anchor', (part) => ({ $ref: '#here', $defs: { part: { ...part, $anchor: 'here' } } })],
    [
      'a dynamic anchor',
      (part) => ({ $dynamicRef: '#here', $defs: { part: { ...part, $dynamicAnchor: 'here' } } }),
    ],
    ['an id within', (part) => ({ $ref: 'urn:in:part', $defs: { part: { ...part, $id: 'urn:in:part' } } })],
    [
      'an id that is relative',
      (part) => ({
        $ref: 'https://a.test/b/root',
        $defs: {
          root: { $id: 'https://a.test/b/root', $ref: 'part', $defs: { part: { ...part, $id: 'part' } } },
        },
      }),
    ],
    [
      'several hops',
      (part) => ({
        $ref: '#/$defs/a',
        $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/c' }, c: part },
      }),
    ],
    [
      'recursion',
      (part) => ({
        $ref: '#/$defs/tree',
        $defs: {
          tree: closed({
            of: { type: 'array', items: { $ref: '#/$defs/tree' } },
            part: { $ref: '#/$defs/part' },
          }),
          part,
        },
      }),
    ],
    [
      'a reference with a neighbour of the same kind',
      (part) => ({
        $ref: '#/$defs/part',
        properties: { text: { type: ['string', 'integer'] } },
        $defs: { part },
      }),
    ],
    ...[
      ['anyOf', (part: Schema) => ({ anyOf: [{ type: 'null' }, part] })],
      ['oneOf', (part: Schema) => ({ oneOf: [{ type: 'null' }, part] })],
      ['allOf', (part: Schema) => ({ allOf: [{ type: 'object' }, part] })],
      ['not', (part: Schema) => ({ not: part })],
      ['if', (part: Schema) => ({ if: part, else: { maxProperties: 0 } })],
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      ['then', (part: Schema) => ({ if: { type: 'object' }, then: part })],
      ['else', (part: Schema) => ({ if: { type: 'null' }, else: part })],
      ['additionalProperties', (part: Schema) => ({ additionalProperties: part })],
      ['patternProperties', (part: Schema) => ({ patternProperties: { '^x': part } })],
      [
        'unevaluatedProperties',
        (part: Schema) => ({ allOf: [{ properties: { a: true } }], unevaluatedProperties: part }),
      ],
      ['items', (part: Schema) => ({ items: part })],
      ['prefixItems', (part: Schema) => ({ prefixItems: [true, part] })],
      ['unevaluatedItems', (part: Schema) => ({ prefixItems: [true], unevaluatedItems: part })],
      ['contains', (part: Schema) => ({ contains: part, maxContains: 1 })],
      ['dependentSchemas', (part: Schema) => ({ dependentSchemas: { a: part } })],
      ['propertyNames', (part: Schema) => ({ propertyNames: { anyOf: [part, { maxLength: 3 }] } })],
    ].map(([keyword, wrap]): [string, (part: Schema) => Schema] => [
      `a definition behind ${String(keyword)}`,
      (part) => ({ ...(wrap as (part: Schema) => Schema)({ $ref: '#/$defs/part' }), $defs: { part } }),
    ]),
  ])('follows %s', (_, around) => {
    expect(diff(around(loose), around(strict)).flatMap(({ breaks }) => breaks)).toContain('backward');
    expect(diff(around(loose), around(structuredClone(loose)))).toEqual([]);
  });

  it('follows a reference into another file', () => {
    const part = (schema: Schema): SchemaFile => ({
      ...file(schema),
      name: 'part',
      schema: { ...schema, $id: 'urn:part' },
    });
    const refers = file({ type: 'object', properties: { part: { $ref: 'urn:part' } } });
    const changes = diffContracts([refers, part(loose)], [refers, part(strict)]);
    expect(changes.map(text)).toEqual([
      'part.text: is required now (backward)',
      'part.text: is no longer string (backward)',
      'part.text: may be integer (forward)',
    ]);
  });

  it('tells a kind more from a kind less', () => {
    const kind = (name: string) => closed({ kind: { const: name } }, ['kind']);
    const of = (...names: string[]): Schema => ({ oneOf: names.map(kind) });
    expect(diff(of('a'), of('a', 'b')).map(text)).toEqual([': may be another kind (oneOf) now (forward)']);
    expect(diff(of('a', 'b'), of('b')).map(text)).toEqual([': may be one kind (oneOf) less (backward)']);
    const nullable = { anyOf: [{ type: 'string' }, { type: 'null' }] };
    expect(diff({ type: 'string' }, nullable).map(text)).toEqual([
      ': may be another kind (anyOf) now (forward)',
    ]);
    // Alternatives that do not exclude one another: what one of them takes more, both may refuse.
    expect(
      diff(
        { oneOf: [{ type: 'string' }, { maxLength: 1 }] },
        { oneOf: [{ type: 'string' }, { maxLength: 2 }] },
      ).map(text),
    ).toEqual([': oneOf has changed in a way that cannot be compared (backward and forward)']);
  });

  it('takes a higher major version for another event', () => {
    const changes = diffContracts([file(closed({ a: { type: 'string' } }))], [file(closed({}), 2)]);
    expect(changes.map(text)).toEqual([': version 1 became version 2 (safe)']);
  });

  it('never calls a change harmless that refuses what was valid before, or sends what was not', () => {
    fc.assert(
      fc.property(twoVersions, fc.array(likelyValue, { minLength: 30, maxLength: 30 }), ([a, b], values) => {
        const changes = diffContracts(filesOf(a), filesOf(b));
        const breaks = new Set(changes.flatMap((change) => change.breaks));
        // What breaks both ways can refuse nothing that was not said.
        if (breaks.size === 2) return;
        const [isOld, isNew] = [validatorOf(a), validatorOf(b)];
        for (const each of values) {
          if (isOld(each) && !isNew(each)) expect(breaks, JSON.stringify(each)).toContain('backward');
          if (isNew(each) && !isOld(each)) expect(breaks, JSON.stringify(each)).toContain('forward');
        }
      }),
      { numRuns: runs(25, 60) },
    );
  }, 240_000);

  it('finds nothing between two equal sets of contracts, however they refer', () => {
    fc.assert(
      fc.property(schemaPair, (pair) => {
        expect(diffContracts(filesOf(pair), filesOf(structuredClone(pair)))).toEqual([]);
      }),
      { numRuns: runs(10, 20) },
    );
  });
});

function filesOf({ main, other }: Pair): SchemaFile[] {
  const at = () => ({ line: 1, column: 1 });
  return [
    { name: 'it', file: '/it.json', schema: main, at },
    { name: 'other', file: '/other.json', schema: other, at },
  ];
}

function validatorOf({ main, other }: Pair): (value: unknown) => boolean {
  const ajv = new Ajv2020({ strict: false, validateSchema: false });
  ajv.addSchema(other);
  return ajv.compile<unknown>(main);
}
