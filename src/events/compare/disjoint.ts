import { isDeepStrictEqual } from 'node:util';
import type { Node, References } from '../references.ts';
import type { Schema } from '../schema-file.ts';
import { isSchema } from '../walk.ts';
import { partsOf } from './parts.ts';
import { typesOf, valuesOf } from './values.ts';

/** How deep fields are looked into for one that tells alternatives apart. */
const DEEPEST = 4;

/** Whether no value can match two of these schemas: then exactly one of them means the same as any of them. */
export function areDisjoint(nodes: readonly Node[], references: References): boolean {
  return nodes.every((a, index) => nodes.slice(index + 1).every((b) => disjoint(a, b, references, 0)));
}

function disjoint(a: Node, b: Node, references: References, depth: number): boolean {
  if (a === false || b === false) return true;
  if (depth > DEEPEST) return false;
  const [left, right] = [a, b].map((node) => partsOf([node], references).filter(isSchema));
  return (left ?? []).some((one) =>
    (right ?? []).some((other) => partsDiffer(one, other, references, depth)),
  );
}

function partsDiffer(a: Schema, b: Schema, references: References, depth: number): boolean {
  const [typesA, typesB] = [typesOf(a), typesOf(b)];
  const numeric = (types: string[]) => types.some((type) => type === 'number' || type === 'integer');
  if (!typesA.some((type) => typesB.includes(type)) && !(numeric(typesA) && numeric(typesB))) return true;
  const [valuesA, valuesB] = [valuesOf(a), valuesOf(b)];
  if (valuesA !== undefined && valuesB !== undefined)
    return !valuesA.some((value) => valuesB.some((other) => isDeepStrictEqual(value, other)));
  const isObject = (schema: Schema) => isDeepStrictEqual([schema.type].flat(), ['object']);
  if (!isObject(a) || !isObject(b)) return false;
  return (a.required ?? []).some((name) => {
    const [fieldA, fieldB] = [a.properties?.[name], b.properties?.[name]];
    return (
      b.required?.includes(name) === true &&
      fieldA !== undefined &&
      fieldB !== undefined &&
      disjoint(fieldA, fieldB, references, depth + 1)
    );
  });
}
