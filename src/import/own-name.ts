/** The object without a name that only repeats its id: other tools need a name for everything. */
export function withoutOwnName<Fields extends Record<string, unknown>>(object: Fields, id: string): Fields {
  if (object.name !== id) return object;
  const { name: _, ...rest } = object;
  return rest as Fields;
}
