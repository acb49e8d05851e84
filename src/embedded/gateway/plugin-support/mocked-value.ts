/** As much of JSON Schema as says what a made-up value looks like. */
interface MockSchema {
  type?: unknown;
  example?: unknown;
  properties?: Record<string, MockSchema>;
  items?: MockSchema;
}

/** Beyond this depth nothing more is made up: lists in lists grow with each. */
const MOST_DEPTH = 8;

/**
 * Makes up a value of a schema (apisix/plugins/mocking.lua): its example where that has the right type, else any.
 *
 * @param random from 0 to 1, 1 excluded
 * @returns `undefined` for a type that is none of JSON Schema's
 */
export function mocked(schema: MockSchema, random: () => number, depth = 0): unknown {
  const { example } = schema;
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
  switch (String(schema.type).toLowerCase()) {
    case 'object':
      return depth > MOST_DEPTH
        ? {}
        : Object.fromEntries(
            Object.entries(schema.properties ?? {}).map(([name, each]) => [
              name,
              mocked(each, random, depth + 1),
            ]),
          );
    case 'array':
      if (schema.items === undefined) return undefined;
      return depth > MOST_DEPTH
        ? []
        : times(between(1, 3), () => mocked(schema.items as MockSchema, random, depth + 1));
    case 'string':
      return typeof example === 'string'
        ? example
        : times(between(1, 10), () => String.fromCharCode(between(0x61, 0x7a))).join('');
    case 'number':
      return typeof example === 'number' ? example : random() * 10_000;
    case 'integer':
      return typeof example === 'number' ? Math.floor(example) : between(1, 10_000);
    case 'boolean':
      return typeof example === 'boolean' ? example : random() >= 0.5;
    default:
      return undefined;
  }
}
