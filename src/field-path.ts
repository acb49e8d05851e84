import { isRecord } from './record.ts';

/** A member by its name, or by a path through objects: `req.id`. ECS writes the dots into the name. */
export function memberAt(document: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(document, name)) return document[name];
  let at: unknown = document;
  for (const part of name.split('.')) {
    if (!isRecord(at) || !Object.hasOwn(at, part)) return undefined;
    at = at[part];
  }
  return at;
}

/** The text of an id, which many write as a number; `undefined` for what is none. */
export function idText(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * The document with a value at a path through objects. One that has a value there, or something else than an object on the
 * way, stays as it is.
 */
export function withMember<Value>(
  document: Readonly<Record<string, Value>>,
  path: string,
  value: Value,
): Readonly<Record<string, Value>> {
  if (memberAt(document, path) !== undefined) return document;
  return put(document, path.split('.'), value) ?? document;
}

/** `undefined` where something else than an object is on the way. */
function put<Value>(
  document: Readonly<Record<string, Value>>,
  [name = '', ...rest]: readonly string[],
  value: Value,
): Record<string, Value> | undefined {
  const there = Object.hasOwn(document, name) ? document[name] : undefined;
  if (rest.length === 0) return there === undefined ? { ...document, [name]: value } : undefined;
  const inside = there ?? {};
  if (!isRecord(inside) || there === null) return undefined;
  const filled = put(inside as Record<string, Value>, rest, value);
  return filled === undefined ? undefined : { ...document, [name]: filled as Value };
}
