import { isRecord } from '../record.ts';
import type { Schema } from './schema-file.ts';

/** A schema within a schema, and where it stands. */
export interface Place {
  schema: Schema;
  path: (string | number)[];
  /** Set for a field of an object: its name. */
  field?: string;
  /** Whether the object must have it. */
  required?: boolean;
}

/** Keywords whose value is one schema, a list of them, or a mapping to them. */
const ONE = [
  ...['items', 'additionalProperties', 'unevaluatedProperties', 'unevaluatedItems'],
  ...['not', 'contains', 'propertyNames'],
];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const MAPS = ['$defs', 'definitions', 'properties', 'patternProperties', 'dependentSchemas'];
/** Conditions describe no field. */
const CONDITIONS = ['if', 'then', 'else'];

/** In which way the value of a keyword holds schemas, conditions included; `undefined` for a value of another kind. */
export function holdsSchemas(keyword: string): 'one' | 'list' | 'map' | undefined {
  if (ONE.includes(keyword) || CONDITIONS.includes(keyword)) return 'one';
  if (LISTS.includes(keyword)) return 'list';
  return MAPS.includes(keyword) ? 'map' : undefined;
}

/** Every schema within a schema, itself first. Conditions (`if`, `then`, `else`) describe no field and are left out. */
export function* schemasIn(schema: Schema, path: (string | number)[] = []): Generator<Place> {
  yield { schema, path };
  for (const keyword of ONE) {
    const inner = schema[keyword];
    if (isSchema(inner)) yield* schemasIn(inner, [...path, keyword]);
  }
  for (const keyword of LISTS) {
    const list = schema[keyword];
    if (Array.isArray(list))
      for (const [index, inner] of list.entries())
        if (isSchema(inner)) yield* schemasIn(inner, [...path, keyword, index]);
  }
  for (const keyword of MAPS) {
    const map = schema[keyword];
    if (!isSchema(map)) continue;
    for (const [name, inner] of Object.entries(map)) {
      if (!isSchema(inner)) continue;
      const at = [...path, keyword, name];
      const [first, ...rest] = schemasIn(inner, at);
      if (first === undefined) continue;
      yield keyword === 'properties'
        ? { ...first, field: name, required: schema.required?.includes(name) ?? false }
        : first;
      yield* rest;
    }
  }
}

export function isSchema(value: unknown): value is Schema {
  return isRecord(value);
}
