import * as z from 'zod';
import type { StackDocument } from './document.ts';
import { type FieldPath, fieldName, type Mistake, nearest, oneOf, type Position } from './mistake.ts';

/** What was read, before references in it were filled in, and where each value of it stands. */
type Placed = Pick<StackDocument, 'data' | 'at' | 'keyAt'>;

/** What zod found wrong, in our words and with positions. `filled` is the data after interpolation. */
export function schemaMistakes(
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
  filled: unknown,
  document: Placed,
): Mistake[] {
  return issues.flatMap((issue) => mistakesOf(schema, issue, filled, document));
}

const NOWHERE: Position = { line: 1, column: 1 };

/** The same of data that stands in no file. */
export function dataMistakes(
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
  data: Record<string, unknown>,
): Omit<Mistake, 'at'>[] {
  return schemaMistakes(schema, issues, data, { data, at: () => NOWHERE, keyAt: () => NOWHERE });
}

/** For `safeParse`: what is expected, where the schema has no words of its own for it. */
export function expectation(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_WORDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return oneOf(issue.values.map(String));
    case 'too_small':
      return issue.origin === 'array' ? `at least ${issue.minimum} of them` : `at least ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}`;
    default:
      return 'something else';
  }
}

const TYPE_WORDS: Record<string, string> = {
  string: 'text (in quotes where it looks like something else)',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  number: 'a number',
  boolean: 'true or false',
};

function mistakesOf(
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
  filled: unknown,
  document: Placed,
): Mistake[] {
  const path = issue.path as FieldPath;
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, path, filled);
      const expected = oneOf(known);
      return issue.keys.map((key) => {
        const field = [...path, key];
        const mistake = {
          at: document.keyAt(field),
          field: fieldName(field),
          found: `the unknown key "${key}"`,
          expected,
        };
        return withNearest(mistake, key, known);
      });
    }
    case 'invalid_key': {
      const expected = issue.issues[0]?.message ?? 'another name';
      const found = `the name "${String(path.at(-1))}"`;
      return [{ at: document.keyAt(path), field: fieldName(path), found, expected }];
    }
    case 'invalid_union':
      if (issue.discriminator !== undefined) return [unknownKind(schema, issue.path, filled, document)];
      return withinUnion(issue).flatMap((inner) => mistakesOf(schema, inner, filled, document));
    case 'invalid_value':
      return [
        withNearest(
          mistakeAt(path, issue.message, document),
          valueAt(document.data, path),
          issue.values.map(String),
        ),
      ];
    default:
      return [mistakeAt(path, issue.message, document)];
  }
}

/** Where one kind alone of a union was meant (its mistakes are all further inside, or at its keys), those; the union's own otherwise. */
function withinUnion(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] {
  const meant = issue.errors.filter(
    (issues) =>
      issues.length > 0 && issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  const [only] = meant;
  if (only === undefined || meant.length > 1) return [{ ...issue, code: 'custom' } as z.core.$ZodIssue];
  return only.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as z.core.$ZodIssue);
}

/** The discriminator of a union (`kind`) is missing or none of the known ones. */
function unknownKind(
  schema: z.ZodType,
  issuePath: readonly PropertyKey[],
  filled: unknown,
  document: Placed,
): Mistake {
  const path = issuePath as FieldPath;
  const union = schemaAt(schema, path.slice(0, -1), filled);
  const kinds = union instanceof z.ZodDiscriminatedUnion ? literalsOf(union) : [];
  const mistake = mistakeAt(path, oneOf(kinds), document);
  return withNearest(mistake, valueAt(document.data, path), kinds);
}

function mistakeAt(path: FieldPath, expected: string, document: Placed): Mistake {
  const found = describe(valueAt(document.data, path), path);
  return { at: document.at(path), field: fieldName(path), found, expected };
}

function withNearest(mistake: Mistake, word: unknown, candidates: readonly string[]): Mistake {
  return typeof word === 'string' ? { ...mistake, nearest: () => nearest(word, candidates) } : mistake;
}

/** Fields whose text may hold credentials: it is never repeated in a message. */
const CONFIDENTIAL = new Set(['url', 'management_url', 'admin_url', 'admin_key', 'env', 'plugins']);

/** What stands in the file, as it is written there: a reference is shown as a reference, never as its value. */
function describe(value: unknown, path: FieldPath): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return String(value);
  if (value.includes('${')) return `${JSON.stringify(value)}, whose value does not fit`;
  if (path.some((part) => CONFIDENTIAL.has(String(part)))) return value === '' ? 'empty text' : 'text';
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
}

export function valueAt(data: unknown, path: FieldPath): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** The keys that a mapping at `path` may have. */
function keysAt(schema: z.ZodType, path: FieldPath, data: unknown): string[] {
  const found = schemaAt(schema, path, data);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

/** The schema of the value at `path`; of a union by kind, the member that the data says it is. */
function schemaAt(schema: z.core.$ZodType | undefined, path: FieldPath, data: unknown): unknown {
  const bare = unwrapped(schema);
  if (bare instanceof z.ZodDiscriminatedUnion && !(path.length === 0 && !memberOf(bare, data))) {
    return schemaAt(memberOf(bare, data), path, data);
  }
  const [head, ...rest] = path;
  if (head === undefined) return bare;
  const inner = valueAt(data, [head]);
  if (bare instanceof z.ZodObject) return schemaAt(bare.shape[head], rest, inner);
  if (bare instanceof z.ZodRecord) return schemaAt(bare.valueType, rest, inner);
  if (bare instanceof z.ZodArray) return schemaAt(bare.element, rest, inner);
  return undefined;
}

function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const wraps =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  if (wraps) return unwrapped(schema.def.innerType);
  // A value or a mapping: whoever asks for keys means the mapping.
  if (schema instanceof z.ZodUnion && !(schema instanceof z.ZodDiscriminatedUnion)) {
    const mappings = schema.options.filter((option) => option instanceof z.ZodObject);
    if (mappings.length === 1) return mappings[0];
  }
  return schema;
}

function memberOf(union: z.ZodDiscriminatedUnion, data: unknown): z.core.$ZodType | undefined {
  const wanted = valueAt(data, [union.def.discriminator]);
  return union.options.find((option) => literalOf(option, union.def.discriminator) === wanted);
}

function literalsOf(union: z.ZodDiscriminatedUnion): string[] {
  return union.options.map((option) => String(literalOf(option, union.def.discriminator)));
}

function literalOf(option: z.core.$ZodType, key: string): unknown {
  const literal = option instanceof z.ZodObject ? option.shape[key] : undefined;
  return literal instanceof z.ZodLiteral ? literal.value : undefined;
}
