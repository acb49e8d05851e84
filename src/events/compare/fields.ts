import type { Node } from '../references.ts';
import type { Schema } from '../schema-file.ts';
import { isSchema } from '../walk.ts';

/** Keywords about the fields of an object. */
export const OF_FIELDS = [
  ...['properties', 'required', 'patternProperties', 'additionalProperties', 'unevaluatedProperties'],
  ...['propertyNames', 'dependentSchemas', 'dependentRequired'],
];

/** What a field of this name must match: its own schema, those of the patterns it fits, or that of all others. */
export function governing(schema: Schema, name: string): Node[] {
  const { properties, patternProperties } = schema;
  const nodes: Node[] = [];
  if (properties !== undefined && Object.hasOwn(properties, name)) nodes.push(properties[name] as Node);
  for (const [pattern, node] of Object.entries(isSchema(patternProperties) ? patternProperties : {}))
    if (fits(pattern, name)) nodes.push(node as Node);
  return nodes.length > 0 ? nodes : [restOf(schema)];
}

/** What the fields must match that nothing else in the schema describes. */
export function restOf({ additionalProperties, unevaluatedProperties }: Schema): Node {
  return ((additionalProperties ?? unevaluatedProperties) as Node | undefined) ?? true;
}

function fits(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(name);
  } catch {
    // No contract with such a pattern can be used: `qbtc events validate` says so.
    return false;
  }
}
