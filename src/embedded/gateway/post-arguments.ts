import { query } from 'jsonpath-rfc9535';
import parsePath from 'jsonpath-rfc9535/parser';
import { bytesOf } from '../../matching/bytes.ts';
import type { Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { QueryArguments } from './query-arguments.ts';
import { unavailable } from './unavailable.ts';

/** A longer body has no arguments. It is what APISIX takes of GraphQL; of a form it takes what its buffer holds. */
const MOST_BYTES = 1024 * 1024;
const DEEPEST = 1000;
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const MULTIPART = 'multipart/form-data';

/** A body as an expression sees it: text has one character a byte, an object has no prototype. */
type Parsed = unknown;

const PARSED = {};

/** Whether a configuration names a variable that is part of a request's body, so that this must be read before. */
export function namesPostArguments(configuration: unknown): boolean {
  return /post_arg[_.]/.test(JSON.stringify(configuration));
}

/**
 * Reads the body of a request, for `$post_arg_x` and `$post_arg.x.y`, which have no value without it. It waits for the
 * client, so only for routes and plugins whose configuration names one is it done.
 *
 * @returns the answer to a request whose body cannot be held
 */
export async function readPostArguments(exchange: Exchange): Promise<Answer | undefined> {
  if (exchange.noted(PARSED) !== undefined) return undefined;
  const { headers } = exchange.client;
  const type = headers.get('content-type') ?? '';
  const known = [FORM, JSON_TYPE, MULTIPART].some((each) => type.includes(each));
  if (!known || Number(headers.get('content-length') ?? 0) > MOST_BYTES) return undefined;
  try {
    const body = await exchange.requestBody(MOST_BYTES);
    exchange.note(PARSED, { value: await parsed(body, type) });
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return { status: 413, headers: { Connection: 'close' } };
    throw error;
  }
}

/** Gives what `$post_arg_NAME` is: an argument of a form, the first of that name (`core.ctx`). */
export function postArgument(exchange: Exchange, name: string): unknown {
  if (exchange.client.headers.get('content-type')?.startsWith(FORM) !== true) return undefined;
  const value = own(body(exchange), name);
  return Array.isArray(value) ? value[0] : value;
}

/** Gives what `$post_arg.PATH` is, in a form or JSON: names with dots between them, or a JSONPath that begins at `$.`. */
export function postPath(exchange: Exchange, path: string): unknown {
  const value = body(exchange);
  if (value === undefined) return undefined;
  if (isQuery(path)) {
    const found = query(value as never, `$.${path}`) as unknown[];
    return found.length === 0 ? undefined : found;
  }
  return path
    .split(/[.()]/)
    .filter((name) => name !== '')
    .reduce(own, value);
}

/** What is wrong with the path of a `post_arg.` variable. */
export function pathError(path: string): string | undefined {
  if (!isQuery(path)) return undefined;
  // Their expressions are not of the kind that is carried out in linear time.
  if (/\b(?:match|search)\s*\(/.test(path)) return unavailable(`a regular expression in "post_arg.${path}"`);
  try {
    parsePath(`$.${path}`);
    return undefined;
  } catch (error) {
    return `invalid JSONPath "$.${path}": ${(error as Error).message}`;
  }
}

const isQuery = (path: string): boolean => /[[*]|\.\./.test(path);

const body = (exchange: Exchange): Parsed => (exchange.noted(PARSED) as { value: Parsed } | undefined)?.value;

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (value as Record<string, unknown>)[name];
}

async function parsed(bytes: Buffer, type: string): Promise<Parsed> {
  if (type.includes(JSON_TYPE)) return parsedJson(bytes);
  if (type.includes(FORM)) return formArguments(new QueryArguments(bytes.toString('latin1')));
  return parsedMultipart(bytes, type);
}

function parsedJson(bytes: Buffer): Parsed {
  try {
    return inBytes(JSON.parse(bytes.toString()));
  } catch {
    return undefined;
  }
}

async function parsedMultipart(bytes: Buffer, type: string): Promise<Parsed> {
  try {
    const form = await new Response(bytes, { headers: { 'Content-Type': type } }).formData();
    const fields: [string, string][] = [];
    for (const [name, value] of form) {
      fields.push([bytesOf(name), bytesOf(typeof value === 'string' ? value : await value.text())]);
    }
    return collected(fields);
  } catch {
    return undefined;
  }
}

function formArguments(form: QueryArguments): Parsed {
  return collected(form.entries().map(([name, value]) => [name, value === '' ? form.value(name) : value]));
}

/** By name; several values of one name are a list. */
function collected(pairs: readonly (readonly [string, unknown])[]): Parsed {
  const fields: Record<string, unknown> = Object.create(null);
  for (const [name, value] of pairs) {
    const before = fields[name];
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}

/** @throws RangeError for what is nested deeper than lua-cjson takes it */
function inBytes(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) throw new RangeError('nested too deeply');
  if (typeof value === 'string') return bytesOf(value);
  if (Array.isArray(value)) return value.map((each) => inBytes(each, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const fields: Record<string, unknown> = Object.create(null);
  for (const [name, each] of Object.entries(value)) fields[bytesOf(name)] = inBytes(each, depth + 1);
  return fields;
}
