import * as z from 'zod/mini';

/** Every mistake in the environment, one a line. Values are never in it: they may be secrets. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly mistakes: readonly string[];

  constructor(mistakes: string[]) {
    super(`the environment is not complete: ${mistakes.join('; ')}`);
    this.mistakes = mistakes;
  }
}

/** A text that must be set. */
export function text() {
  return z.string({ error: 'expected a text' });
}

/** A text that may be left out. */
export function optionalText() {
  return z.optional(text());
}

/** An address with one of the protocols (`['amqp', 'amqps']`). */
export function address(protocols: string[]) {
  return text().check(
    z.refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol.slice(0, -1)), {
      error: `expected an address that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
    }),
  );
}

/** A whole number between both ends. */
export function integer(range: { min: number; max: number }) {
  return numeric(/^[+-]?\d+$/, `expected a whole number from ${range.min} to ${range.max}`, range);
}

/** A number between both ends, written as a decimal. */
export function number(range: { min: number; max: number }) {
  return numeric(/^[+-]?\d+(\.\d+)?$/, `expected a number from ${range.min} to ${range.max}`, range);
}

function numeric(pattern: RegExp, expected: string, { min, max }: { min: number; max: number }) {
  return z.pipe(
    z.string({ error: expected }).check(z.regex(pattern, { error: expected })),
    z.pipe(
      z.transform(Number),
      z.number({ error: expected }).check(z.gte(min, { error: expected }), z.lte(max, { error: expected })),
    ),
  );
}

/** JSON that holds what the schema says. */
export function jsonText<Schema extends z.ZodMiniType>(schema: Schema) {
  return z.pipe(
    z.pipe(
      text(),
      z.transform((value: string, context) => {
        try {
          return JSON.parse(value) as unknown;
        } catch {
          context.issues.push({ code: 'custom', message: 'expected JSON', input: undefined });
          return z.NEVER;
        }
      }),
    ),
    schema,
  );
}

/** One of the words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `expected one of ${words.join(', ')}` });
}

/** The value when the variable is not set, written as it would stand in the environment. */
export function withDefault<Schema extends z.ZodMiniType<unknown, string>>(schema: Schema, value: string) {
  return z.pipe(z._default(z.string(), value), schema);
}

type Shape = z.core.$ZodShape;
type Values<Variables extends Shape> = z.infer<z.ZodMiniObject<Variables>>;

/**
 * Reads the variables that both shapes name; an empty variable counts as not set.
 *
 * @throws {ConfigurationError} with every mistake in both at once.
 */
export function readConfiguration<Common extends Shape, Own extends Shape>(
  shapes: { common: Common; own: Own },
  environment: Record<string, string | undefined>,
): { common: Values<Common>; own: Values<Own> } {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const common = z.object(shapes.common).safeParse(set);
  const own = z.object(shapes.own).safeParse(set);
  if (common.success && own.success) return { common: common.data, own: own.data };
  throw new ConfigurationError(
    [...(common.error?.issues ?? []), ...(own.error?.issues ?? [])].map((issue) => {
      const name = issue.path.join('.');
      return set[name] === undefined ? `${name} is not set` : `${name}: ${issue.message}`;
    }),
  );
}
