import fc from 'fast-check';
import type { Schema } from '../../src/events/schema-file.ts';

/** Where a random schema may refer to: by pointer, anchor and id, within the file and into another. */
export const DEFINITIONS = {
  '#/$defs/a': ['$defs', 'a'],
  '#/$defs/deep~1er/b%20c': ['$defs', 'deep/er', 'b c'],
  '#/properties/a': ['properties', 'a'],
  '#named': ['$defs', 'anchored'],
  'urn:test:other#/$defs/x': [],
  'urn:test:other': [],
  '#': [],
} as const;

const MAIN = 'urn:qbtc:event:it:1';
const NAMES = ['a', 'b', 'c'];
const leaf: fc.Arbitrary<Schema> = fc.oneof(
  fc.record({ type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'null', 'object', 'array') }),
  fc.record({ type: fc.constant('string'), maxLength: fc.nat(3), minLength: fc.nat(2) }),
  fc.record({ type: fc.constantFrom('integer', 'number'), minimum: fc.nat(3), maximum: fc.nat(5) }),
  fc.record({ enum: fc.uniqueArray(fc.constantFrom('a', 'b', 1, null), { minLength: 1 }) }),
  fc.record({ const: fc.constantFrom('a', 1, null) }),
  fc.record({ type: fc.uniqueArray(fc.constantFrom('string', 'integer', 'null'), { minLength: 1 }) }),
  fc.record({ required: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 2 }) }),
  fc.record({ minItems: fc.nat(2), uniqueItems: fc.boolean() }),
  fc.constant({}),
);
const reference = fc.constantFrom(...Object.keys(DEFINITIONS)).map(($ref) => ({ $ref }));

const { node, object } = fc.letrec<{ node: Schema | boolean; object: Schema }>((tie) => {
  const node = tie('node');
  const map = fc.dictionary(fc.constantFrom(...NAMES), node, { maxKeys: 2 });
  const list = fc.array(node, { minLength: 1, maxLength: 3 });
  return {
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      reference,
      fc.boolean(),
      object0(node, map, list),
    ),
    object: object0(node, map, list),
  };
});

function object0(
  node: fc.Arbitrary<Schema | boolean>,
  map: fc.Arbitrary<Record<string, Schema | boolean>>,
  list: fc.Arbitrary<(Schema | boolean)[]>,
): fc.Arbitrary<Schema> {
  const required = fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 });
  return fc.oneof(
    fc.record(
      {
        type: fc.constant('object'),
        properties: map,
        required,
        additionalProperties: node,
        patternProperties: fc.dictionary(fc.constantFrom('^a', 'c'), node, { maxKeys: 1 }),
      },
      { requiredKeys: ['properties'] },
    ),
    fc.record(
      {
        properties: map,
        unevaluatedProperties: node,
        allOf: list,
        anyOf: list,
        $ref: reference.map(({ $ref }) => $ref),
      },
      { requiredKeys: ['unevaluatedProperties'] },
    ),
    fc.record(
      { propertyNames: node, dependentSchemas: map, dependentRequired: fc.record({ a: required }) },
      { requiredKeys: [] },
    ),
    fc.record(
      { type: fc.constant('array'), items: node, prefixItems: list, unevaluatedItems: node },
      { requiredKeys: ['type'] },
    ),
    fc.record(
      { contains: node, minContains: fc.nat(2), maxContains: fc.nat(3) },
      { requiredKeys: ['contains'] },
    ),
    fc.record({ anyOf: list }),
    fc.record({ oneOf: list }),
    fc.record({ allOf: list }),
    fc.record({ not: node }),
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    fc.record({ if: node, then: node, else: node }, { requiredKeys: ['if'] }),
    fc.record(
      { $ref: reference.map(({ $ref }) => $ref), properties: map, required },
      { requiredKeys: ['$ref'] },
    ),
    fc.record(
      { anyOf: list, oneOf: list, type: fc.constantFrom('object', 'string') },
      { requiredKeys: ['type'] },
    ),
  ) as fc.Arbitrary<Schema>;
}

/** A file with definitions in every place that `DEFINITIONS` names, and another that it refers to. */
export interface Pair {
  main: Schema;
  other: Schema;
}

export const schemaPair: fc.Arbitrary<Pair> = fc
  .record({ root: object, a: node, b: node, anchored: object, property: node, other: object, x: node })
  .map(({ root, a, b, anchored, property, other, x }) => ({
    main: {
      ...root,
      $id: MAIN,
      properties: { ...root.properties, a: property as Schema },
      $defs: {
        a: a as Schema,
        'deep/er': { 'b c': b } as Schema,
        anchored: { ...anchored, $anchor: 'named' },
      },
    },
    other: { ...other, $id: 'urn:test:other', $defs: { x: x as Schema } },
  }))
  // As a file is read: fast-check makes objects without a prototype.
  .map(({ main, other }): Pair => ({ main: asRead(main), other: seenFromOther(asRead(other)) }))
  // References that lead to one another without end are no schema.
  .filter(endsEverywhere);

/** Two versions of which the second differs in one place. */
export const twoVersions: fc.Arbitrary<[Pair, Pair]> = fc
  .tuple(schemaPair, node, fc.nat(), fc.boolean())
  .map(([before, replacement, pick, isOther]): [Pair, Pair] => {
    const after: Pair = structuredClone(before);
    const spots = places(isOther ? after.other : after.main);
    const spot = spots[pick % Math.max(1, spots.length)];
    if (spot !== undefined)
      (spot.holder as Record<string | number, unknown>)[spot.key] = isOther
        ? seenFromOther(asRead(replacement))
        : asRead(replacement);
    return [before, after];
  })
  .filter(([, { main, other }]) => main.$defs !== undefined && endsEverywhere({ main, other }));

function asRead<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** What refers into its own file, in the other file. */
function seenFromOther<T>(value: T): T {
  return JSON.parse(JSON.stringify(value).replaceAll('"$ref":"#', `"$ref":"${MAIN}#`));
}

const ONE = [
  'items',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'contains',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const MAPS = ['$defs', 'properties', 'patternProperties', 'dependentSchemas'];

function places(schema: unknown): { holder: object; key: string | number }[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const held = Object.entries(schema).flatMap(
    ([keyword, value]): { holder: object; key: string | number }[] => {
      if (ONE.includes(keyword)) return [{ holder: schema, key: keyword }];
      if (LISTS.includes(keyword))
        return (value as unknown[]).map((_, key) => ({ holder: value as object, key }));
      if (!MAPS.includes(keyword)) return [];
      return Object.keys(value as object).flatMap((key) =>
        keyword === '$defs' && key === 'deep/er'
          ? [{ holder: (value as Record<string, object>)[key] ?? {}, key: 'b c' }]
          : [{ holder: value as object, key }],
      );
    },
  );
  return held.flatMap(({ holder, key }) => [
    ...(key === 'anchored' ? [] : [{ holder, key }]),
    ...places((holder as Record<string | number, unknown>)[key]),
  ]);
}

function endsEverywhere({ main, other }: Pair): boolean {
  return !circles(main, main, other) && !circles(other, main, other);
}

/** Whether a schema is reached from itself without a step into a value. */
function circles(node: unknown, main: Schema, other: Schema, open: unknown[] = []): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (open.includes(node)) return true;
  const inside = [...open, node];
  const schema = node as Schema;
  const into: unknown[] = ['allOf', 'anyOf', 'oneOf'].flatMap(
    (keyword) => (schema[keyword] as unknown[] | undefined) ?? [],
  );
  into.push(
    ...['not', 'if', 'then', 'else'].map((keyword) => schema[keyword]),
    ...Object.values(schema.dependentSchemas ?? {}),
  );
  if (typeof schema.$ref === 'string') into.push(leadsTo(schema.$ref, main, other));
  if (into.some((each) => circles(each, main, other, inside))) return true;
  if (open.length > 0) return false;
  return places(node).some(({ holder, key }) =>
    circles((holder as Record<string | number, unknown>)[key], main, other, []),
  );
}

function leadsTo(reference: string, main: Schema, other: Schema): unknown {
  if (reference === 'urn:test:other') return other;
  if (reference === 'urn:test:other#/$defs/x') return other.$defs?.x;
  let value: unknown = main;
  const own = reference.replace(MAIN, '') as keyof typeof DEFINITIONS;
  for (const key of DEFINITIONS[own]) value = (value as Record<string, unknown>)[key];
  return value;
}

/** Values that tell small schemas apart. */
export const likelyValue: fc.Arbitrary<unknown> = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('a', 'b', '', 'abcd', 0, 1, 4, 1.5, null, true),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 3 }),
    ),
  }))
  .value.map(asRead);
