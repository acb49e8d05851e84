import { stripVTControlCharacters } from 'node:util';

/**
 * What steers a terminal, or makes text look like other text: control characters but the line feed and the tabulator
 * (C0, DEL, C1), and those that turn the direction of writing (Unicode Standard Annex 9).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const EVERY = new RegExp(STEERING, 'g');

/** Text of others as a person may see it: escape sequences are left out, any other control character is replaced. */
export function printable(text: string): string {
  if (!STEERING.test(text)) return text;
  return stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replace(EVERY, '\ufffd');
}

/** The same value with every text in it printable: those of arrays, objects (their keys too) and errors. */
export function printableIn<Value>(value: Value): Value {
  return copied(value, new Map()) as Value;
}

function copied(value: unknown, known: Map<unknown, unknown>): unknown {
  if (typeof value === 'string') return printable(value);
  if (typeof value !== 'object' || value === null) return value;
  const before = known.get(value);
  if (before !== undefined) return before;
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    known.set(value, copy);
    for (const each of value) copy.push(copied(each, known));
    return copy;
  }
  const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(value));
  if (!isPlain && !(value instanceof Error)) return value;
  const copy = Object.create(Object.getPrototypeOf(value)) as object;
  known.set(value, copy);
  // An error keeps its message, stack and cause where a loop does not see them.
  for (const key of Object.getOwnPropertyNames(value)) {
    const own = (value as Record<string, unknown>)[key];
    const { enumerable = true } = Object.getOwnPropertyDescriptor(value, key) ?? {};
    Object.defineProperty(copy, printable(key), {
      value: copied(own, known),
      enumerable,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}
