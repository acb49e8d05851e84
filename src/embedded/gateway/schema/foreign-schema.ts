import { Ajv } from 'ajv';
import type { DataValidateFunction, FuncKeywordDefinition } from 'ajv/dist/types/index.js';
import addFormats from 'ajv-formats';
import { bytesOf } from '../../../matching/bytes.ts';
import { compilePattern } from '../../../matching/pattern.ts';
import { type JsonSchema, wording } from './validator.ts';

/** Says what is wrong with a value, in the words of APISIX's validator; `undefined` when it is valid. */
export type Check = (value: unknown) => string | undefined;

/** Patterns of a configuration are carried out in linear time, and see bytes as in APISIX. */
const patterns = Object.assign(
  (source: string) => {
    const pattern = compilePattern(source);
    return { test: (text: string) => pattern.test(bytesOf(text)) };
  },
  { code: 'patterns' },
);

/** In time that grows with the value: Ajv's own compares each item with each, and a client sends as many as it likes. */
const uniqueItems: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  compile(unique: boolean) {
    const validate: DataValidateFunction = (items: unknown[]) => {
      const repeated = unique ? repetition(items) : undefined;
      validate.errors = repeated && [{ keyword: 'uniqueItems', params: repeated }];
      return repeated === undefined;
    };
    return validate;
  },
};

/** The first item that is equal to one before it. */
function repetition(items: readonly unknown[]): { i: number; j: number } | undefined {
  const seen = new Map<string, number>();
  for (const [i, item] of items.entries()) {
    const text = canonical(item);
    const j = seen.get(text);
    if (j !== undefined) return { i, j };
    seen.set(text, i);
  }
  return undefined;
}

/** One text for equal values: members stand in the order of their names. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join()}}`;
}

/** No address and no name is longer (RFC 5321, 4.5.3.1). */
const LONGEST = 320;

/**
 * Prepares a schema that stands in a configuration. Each has a validator of its own, so that two may have one `$id`.
 *
 * @throws Error that says why it is none, or what it lacks
 */
export function compileSchema(schema: JsonSchema): Check {
  const ajv = new Ajv({
    allErrors: false,
    verbose: true,
    strict: false,
    logger: false,
    // `constructor` is a member of no value that a client has sent without it.
    ownProperties: true,
    unicodeRegExp: false,
    code: { regExp: patterns },
  });
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword(uniqueItems);
  addFormats.default(ajv, ['ipv4', 'ipv6', 'email', 'hostname']);
  for (const name of ['email', 'hostname']) {
    const format = ajv.formats[name] as RegExp;
    ajv.addFormat(name, (text: string) => text.length <= LONGEST && format.test(text));
  }
  const validate = ajv.compile(schema);
  return (value) => {
    try {
      if (validate(value)) return undefined;
      return wording(schema, validate.errors ?? []);
    } catch (error) {
      if (error instanceof RangeError) return 'the value is nested too deeply';
      throw error;
    }
  };
}
