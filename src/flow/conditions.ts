import * as z from 'zod';
import { listed } from '../config/mistake.ts';
import { messageOf } from '../errors.ts';
import { compareNumbers, type ExactNumber, equalJson, isNumber, jsonText } from '../json.ts';
import { isRecord } from '../record.ts';
import { type JsonValue, jsonPathSchema, select } from './json-path.ts';
import { exactNumberSchema, jsonValueSchema, numberOrCapture } from './json-value.ts';

const scalar = z.union([z.string(), exactNumberSchema, z.boolean(), z.null()]);

const pattern = z.string().superRefine((source, issues) => {
  try {
    new RegExp(source, 'u');
  } catch (error) {
    issues.addIssue({ code: 'custom', message: `a regular expression: ${messageOf(error)}` });
  }
});

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'] as const;

const operators = z.strictObject({
  /** False: there must be no such value. Without it every other operator implies that there is one. */
  exists: z.boolean().optional(),
  type: z.enum(TYPES).optional(),
  equals: jsonValueSchema.optional(),
  not_equals: jsonValueSchema.optional(),
  one_of: z.array(jsonValueSchema).min(1).optional(),
  not_one_of: z.array(jsonValueSchema).min(1).optional(),
  /** A regular expression (ECMAScript, flag u) that must match somewhere in the value's text. */
  matches: pattern.optional(),
  contains: z.string().optional(),
  greater_than: numberOrCapture.optional(),
  at_least: numberOrCapture.optional(),
  less_than: numberOrCapture.optional(),
  at_most: numberOrCapture.optional(),
});

type Operators = z.infer<typeof operators>;

/** What is expected of one value: a scalar stands for `equals`, a mapping names operators that must all hold. */
export const conditionSchema = z.union([scalar, operators], {
  error: `a value, or a mapping with ${listed(Object.keys(operators.shape))}`,
});
export type Condition = z.infer<typeof conditionSchema>;

/** Conditions on a JSON document, by JSONPath. */
export const jsonConditionsSchema = z.record(jsonPathSchema, conditionSchema);

type Test = (actual: JsonValue, wanted: never) => boolean;

const compare =
  (holds: (difference: number) => boolean): ((actual: JsonValue, wanted: ExactNumber) => boolean) =>
  (actual, wanted) =>
    isNumber(actual) && isNumber(wanted) && holds(compareNumbers(actual, wanted));

/** One line an operator: whether it holds, and how it is said. */
const TESTS: Record<Exclude<keyof Operators, 'exists'>, { says: string; holds: Test }> = {
  type: { says: 'of the type', holds: (actual, wanted: string) => isOfType(actual, wanted) },
  equals: { says: '', holds: (actual, wanted: JsonValue) => equalJson(actual, wanted) },
  not_equals: { says: 'not', holds: (actual, wanted: JsonValue) => !equalJson(actual, wanted) },
  one_of: { says: 'one of', holds: (actual, wanted: JsonValue[]) => includes(wanted, actual) },
  not_one_of: { says: 'none of', holds: (actual, wanted: JsonValue[]) => !includes(wanted, actual) },
  matches: {
    says: 'a match of',
    holds: (actual, wanted: string) => new RegExp(wanted, 'u').test(asText(actual)),
  },
  contains: { says: 'a text with', holds: (actual, wanted: string) => asText(actual).includes(wanted) },
  greater_than: { says: 'greater than', holds: compare((difference) => difference > 0) },
  at_least: { says: 'at least', holds: compare((difference) => difference >= 0) },
  less_than: { says: 'less than', holds: compare((difference) => difference < 0) },
  at_most: { says: 'at most', holds: compare((difference) => difference <= 0) },
};

const LONGEST_SHOWN = 300;

/**
 * Why the condition does not hold, for people (`status is 504, expected 200`); `undefined` when it holds.
 *
 * @param actual `undefined` when there is no such value
 */
export function mismatch(
  what: string,
  actual: JsonValue | undefined,
  condition: Condition,
): string | undefined {
  const wanted: Operators =
    typeof condition === 'object' && condition !== null && !isNumber(condition)
      ? condition
      : { equals: condition };
  if (actual === undefined) {
    return wanted.exists === false ? undefined : `${what} is missing${expectation(wanted)}`;
  }
  if (wanted.exists === false) return `${what} is ${shown(actual)}, expected none`;
  for (const [operator, value] of Object.entries(wanted)) {
    if (operator === 'exists' || value === undefined) continue;
    const test = TESTS[operator as keyof typeof TESTS];
    if (!test.holds(actual, value as never)) {
      return `${what} is ${shown(actual)}, expected ${[test.says, shown(value as JsonValue)].filter(Boolean).join(' ')}`;
    }
  }
  return undefined;
}

/**
 * The conditions of a document that do not hold. A path that selects several values asks each of them.
 */
export function jsonMismatches(
  document: JsonValue | undefined,
  conditions: Readonly<Record<string, Condition>> = {},
): string[] {
  return Object.entries(conditions).flatMap(([path, condition]) => {
    const values = select(document, path);
    const asked: (JsonValue | undefined)[] = values.length === 0 ? [undefined] : values;
    return asked.map((value) => mismatch(path, value, condition)).filter((reason) => reason !== undefined);
  });
}

/** A value for people, cut to a length that fits a few lines. */
export function shown(value: JsonValue): string {
  const text = jsonText(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 1)}…` : text;
}

function expectation(wanted: Operators): string {
  const said = Object.entries(wanted)
    .filter(([operator, value]) => operator !== 'exists' && value !== undefined)
    .map(([operator, value]) =>
      [TESTS[operator as keyof typeof TESTS].says, shown(value as JsonValue)].filter(Boolean).join(' '),
    );
  return said.length === 0 ? '' : `, expected ${said.join(' and ')}`;
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : jsonText(value);
}

function includes(list: JsonValue[], value: JsonValue): boolean {
  return list.some((member) => equalJson(member, value));
}

function isOfType(value: JsonValue, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value) || typeof value === 'bigint';
  if (type === 'number' || isNumber(value)) return type === 'number' && isNumber(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isRecord(value);
  return typeof value === type;
}
