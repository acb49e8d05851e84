/** A value that a JSON Schema allows, the same each time. Knows what models are asked for: objects, lists, enums, scalars. */
export function sampleOf(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return 'sample';
  const {
    type,
    enum: values,
    const: only,
    properties,
    required,
    items,
    anyOf,
  } = schema as Record<string, unknown>;
  if (only !== undefined) return only;
  if (Array.isArray(values)) return values[0];
  if (Array.isArray(anyOf)) return sampleOf(anyOf[0]);
  if (type === 'object' || properties !== undefined) {
    const fields = (properties ?? {}) as Record<string, unknown>;
    const names = Array.isArray(required) ? required.map(String) : Object.keys(fields);
    return Object.fromEntries(names.map((name) => [name, sampleOf(fields[name])]));
  }
  if (type === 'array') return [sampleOf(items)];
  if (type === 'integer' || type === 'number') return 1;
  if (type === 'boolean') return true;
  return type === 'null' ? null : 'sample';
}
