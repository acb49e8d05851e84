import { isDeepStrictEqual } from 'node:util';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

/** A JSON Schema (draft 7), as APISIX publishes it for its resources and plugins. */
export type JsonSchema = { [keyword: string]: unknown };

// APISIX's patterns are PCRE without the unicode flag, and its schemas carry words of its own (`encrypt_fields`).
// They are constants of the program: checking them against the meta-schema, or optimising their code, would only cost start-up.
const options = {
  strict: false,
  unicodeRegExp: false,
  validateFormats: true,
  validateSchema: false,
  code: { optimize: false },
} as const;
const checker = new Ajv({ ...options, allErrors: true, verbose: true });
const defaulter = new Ajv({ ...options, useDefaults: true });
addFormats.default(checker, ['ipv4', 'ipv6']);
addFormats.default(defaulter, ['ipv4', 'ipv6']);

const checks = new WeakMap<JsonSchema, ValidateFunction>();
const defaults = new WeakMap<JsonSchema, ValidateFunction>();

function compiled(cache: WeakMap<JsonSchema, ValidateFunction>, ajv: Ajv, schema: JsonSchema) {
  let validate = cache.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    cache.set(schema, validate);
  }
  return validate;
}

/**
 * Checks a value and says what is wrong in the words of APISIX's own validator (api7/jsonschema), which reports
 * one mistake, the first in its order of checking. `undefined` when the value is valid.
 */
export function validationError(schema: JsonSchema, value: unknown): string | undefined {
  const validate = compiled(checks, checker, schema);
  const box = { value: structuredClone(value) };
  while (!validate(box.value)) {
    const errors = validate.errors ?? [];
    const container = errors.find(isEmptyContainerOfTheOtherKind);
    if (container === undefined) return wording(schema, errors);
    // In Lua `[]` and `{}` are the same empty table.
    replaceAt(box, container.instancePath, Array.isArray(container.data) ? {} : []);
  }
  return undefined;
}

/** The value with every default of the schema filled in. The value must be valid; it is not changed. */
export function withDefaults(schema: JsonSchema, value: unknown): Record<string, unknown> {
  const filled = structuredClone(value) as Record<string, unknown>;
  compiled(defaults, defaulter, schema)(filled);
  return filled;
}

function isEmptyContainerOfTheOtherKind(error: ErrorObject): boolean {
  if (error.keyword !== 'type' || isConditional(tokensOf(error.schemaPath))) return false;
  if (error.schema === 'object') return isDeepStrictEqual(error.data, []);
  return error.schema === 'array' && isDeepStrictEqual(error.data, {});
}

function replaceAt(box: { value: unknown }, instancePath: string, replacement: unknown): void {
  let parent: Record<string, unknown> = box;
  let name = 'value';
  for (const token of tokensOf(instancePath)) {
    parent = parent[name] as Record<string, unknown>;
    name = token;
  }
  parent[name] = replacement;
}

const tokensOf = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((token) => decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~'));

/** True for an error inside a branch (`anyOf/0/…`, `if/…`): the branch as a whole is reported, not its inside. */
function isConditional(schemaPath: string[]): boolean {
  for (let i = 0; i < schemaPath.length - 1; i++) {
    const token = schemaPath[i] ?? '';
    if (NAMED.has(token)) i++;
    else if (BRANCHES.has(token)) return true;
  }
  return false;
}

const NAMED = new Set(['properties', 'patternProperties', 'dependencies', 'allOf']);
const BRANCHES = new Set(['anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'contains', 'propertyNames']);

// The order in which api7/jsonschema generates its checks.
const ORDER = [
  ['type'],
  ['properties', 'required'],
  ['dependencies', 'dependentRequired'],
  ['patternProperties', 'additionalProperties'],
  ['minProperties', 'maxProperties'],
  ['minItems', 'maxItems', 'items', 'additionalItems', 'uniqueItems'],
  ['minLength', 'maxLength', 'pattern'],
  ['minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum', 'multipleOf'],
  ['enum'],
  ['allOf'],
  ['anyOf'],
  ['oneOf'],
  ['if'],
  ['not'],
  ['format'],
  ['const'],
];
const RANK = new Map(ORDER.flatMap((keywords, rank) => keywords.map((keyword) => [keyword, rank] as const)));

interface Located {
  error: ErrorObject;
  /** What stands before the message: `property "upstream" validation failed: `. */
  prefix: string;
  /** One pair (rank of the keyword, place within it) for each level of the schema. */
  order: number[];
}

/** Words the first of Ajv's errors, in the order of APISIX's validator. */
export function wording(schema: JsonSchema, errors: ErrorObject[]): string {
  const first = errors
    .filter((error) => !isConditional(tokensOf(error.schemaPath)))
    .map((error) => locate(schema, error))
    .sort((a, b) => compareOrder(a.order, b.order))[0];
  if (first === undefined) throw new Error('a failed validation without an error of its own');
  return first.prefix + message(first.error);
}

function compareOrder(a: number[], b: number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? -1) - (b[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

function locate(root: JsonSchema, error: ErrorObject): Located {
  const schemaPath = tokensOf(error.schemaPath);
  const instancePath = tokensOf(error.instancePath);
  let schema = root;
  let prefix = '';
  const order: number[] = [];
  let i = 0;
  let depth = 0;
  for (; i < schemaPath.length - 1; i++) {
    const keyword = schemaPath[i] ?? '';
    const part = schema[keyword] as JsonSchema;
    const name = NAMED.has(keyword) ? (schemaPath[++i] ?? '') : '';
    const places = Object.keys(part);
    order.push(RANK.get(keyword) ?? ORDER.length, name === '' ? 0 : places.indexOf(name));
    const member = instancePath[depth] ?? '';
    if (keyword === 'properties') prefix += `property "${name}" validation failed: `;
    else if (keyword === 'patternProperties') prefix += `failed to validate ${member} (matching "${name}"): `;
    else if (keyword === 'additionalProperties')
      prefix += `failed to validate additional property ${member}: `;
    else if (keyword === 'items') prefix += `failed to validate item ${Number(member) + 1}: `;
    else if (keyword === 'allOf') prefix += `allOf ${Number(name) + 1} failed: `;
    else if (keyword === 'dependencies') prefix += `failed to validate dependent schema for "${name}": `;
    if (keyword !== 'allOf' && keyword !== 'dependencies') depth++;
    schema = (name === '' ? part : part[name]) as JsonSchema;
  }
  const keyword = error.keyword;
  order.push(RANK.get(keyword) ?? ORDER.length, placeOf(schema, error));
  return { error, prefix, order };
}

function placeOf(schema: JsonSchema, error: ErrorObject): number {
  if (error.keyword !== 'required') return 0;
  const place = Object.keys(schema.properties ?? {}).indexOf(String(error.params.missingProperty));
  return place === -1 ? Number.MAX_SAFE_INTEGER : place;
}

function luaType(value: unknown): string {
  if (value === null) return 'userdata';
  if (value === undefined) return 'nil';
  return typeof value === 'object' ? 'table' : typeof value;
}

/** Lua's `%q`. */
const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

function message(error: ErrorObject): string {
  const { keyword, params, schema, data } = error;
  switch (keyword) {
    case 'type':
      return `wrong type: expected ${Array.isArray(schema) ? `one of ${schema.join(', ')}` : schema}, got ${luaType(data)}`;
    case 'required':
      return `property "${params.missingProperty}" is required`;
    case 'dependencies':
      return `property "${params.missingProperty}" is required when "${params.property}" is set`;
    case 'additionalProperties':
      return `additional properties forbidden, found ${params.additionalProperty}`;
    case 'minProperties':
      return `expect object to have at least ${schema} properties`;
    case 'maxProperties':
      return `expect object to have at most ${schema} properties`;
    case 'minItems':
      return `expect array to have at least ${schema} items`;
    case 'maxItems':
      return `expect array to have at most ${schema} items`;
    case 'uniqueItems':
      return `expected unique items but items ${Math.min(params.i, params.j) + 1} and ${Math.max(params.i, params.j) + 1} are equal`;
    case 'minLength':
      return `string too short, expected at least ${schema}, got ${[...String(data)].length}`;
    case 'maxLength':
      return `string too long, expected at most ${schema}, got ${[...String(data)].length}`;
    case 'pattern':
      return `failed to match pattern ${quoted(String(schema))} with ${quoted(String(data))}`;
    case 'minimum':
      return `expected ${data} to be at least ${schema}`;
    case 'exclusiveMinimum':
      return `expected ${data} to be greater than ${schema}`;
    case 'maximum':
      return `expected ${data} to be at most ${schema}`;
    case 'exclusiveMaximum':
      return `expected ${data} to be smaller than ${schema}`;
    case 'multipleOf':
      return `expected ${data} to be a multiple of ${schema}`;
    case 'enum':
      return 'matches none of the enum values';
    case 'anyOf':
      return `object matches none of the required${requiredOf(schema as JsonSchema[])}`;
    case 'oneOf': {
      const passing = params.passingSchemas as [number, number] | null;
      if (passing === null) return 'value should match only one schema, but matches none';
      return `value should match only one schema, but matches both schemas ${passing[0] + 1} and ${passing[1] + 1}`;
    }
    case 'if':
      return `${params.failingKeyword} clause did not match`;
    case 'not':
      return "value wasn't supposed to match schema";
    case 'format':
      return `expect valid ${schema} format but got: ${data}`;
    case 'const':
      return 'failed to check const value';
    default:
      return error.message ?? keyword;
  }
}

function requiredOf(branches: JsonSchema[]): string {
  const required = branches.flatMap((branch) =>
    branch.required === undefined ? [] : [JSON.stringify(branch.required)],
  );
  return required.length === 0 ? '' : `: ${required.join(' or ')}`;
}
