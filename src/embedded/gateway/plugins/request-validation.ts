import { textOf } from '../../../matching/bytes.ts';
import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { Plugin } from '../plugin.ts';
import { readBody } from '../plugin-support/read-body.ts';
import { understoodJson } from '../plugin-support/understood-json.ts';
import { QueryArguments } from '../query-arguments.ts';
import { type Check, compileSchema } from '../schema/foreign-schema.ts';
import type { JsonSchema } from '../schema/validator.ts';

interface RequestValidation {
  header_schema?: JsonSchema;
  body_schema?: JsonSchema;
  rejected_code: number;
  rejected_msg?: string;
}

const FORM = 'application/x-www-form-urlencoded';

/**
 * Checks fields and body of requests against schemas. What was checked is what the upstream reads: JSON that another
 * reader may understand otherwise goes on as it was understood here, as all does in APISIX; other JSON goes on as it came.
 */
export const requestValidation: Plugin<RequestValidation> = {
  name: 'request-validation',
  version: 0.1,
  priority: 2800,
  schema: {
    type: 'object',
    properties: {
      header_schema: { type: 'object' },
      body_schema: { type: 'object' },
      rejected_code: { type: 'integer', minimum: 200, maximum: 599, default: 400 },
      rejected_msg: { type: 'string', minLength: 1, maxLength: 256 },
    },
    anyOf: [{ required: ['header_schema'] }, { required: ['body_schema'] }],
  },
  check({ body_schema: body, header_schema: headers }) {
    try {
      for (const schema of [body, headers]) if (schema !== undefined) compileSchema(schema);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  },
  compile({ header_schema: fields, body_schema: body, rejected_code: status, rejected_msg: message }) {
    const checkFields = fields === undefined ? undefined : compileSchema(fields);
    const checkBody = body === undefined ? undefined : compileSchema(body);
    const names = fields === undefined ? [] : namesIn(fields);
    const refusal = (error: string | undefined): Answer => {
      const told = message ?? error;
      return told === undefined ? { status } : { status, body: told };
    };
    const judged = (error: string | undefined) => (error === undefined ? undefined : refusal(error));

    return {
      rewrite(exchange) {
        const { headers } = exchange.request;
        const error = checkFields?.(fieldsOf(headers, names));
        if (error !== undefined || checkBody === undefined) return judged(error);
        const isForm = headers.get('Content-Type')?.toLowerCase().startsWith(FORM) === true;
        return readBody(exchange, (bytes) => {
          if (bytes.length === 0) return refusal(undefined);
          return judged(isForm ? checkBody(formOf(bytes)) : jsonError(bytes, checkBody, exchange));
        });
      },
    };
  },
};

/** The fields by lower-case name; of several of one name a list. A schema may spell names as it likes. */
function fieldsOf(headers: HeaderList, names: readonly string[]): Record<string, unknown> {
  const fields = collected(headers.entries(), (name) => name.toLowerCase());
  for (const name of names) {
    const value = fields[name.toLowerCase()];
    if (value !== undefined) fields[name] = value;
  }
  return fields;
}

const namesIn = ({ properties = {}, required = [] }: JsonSchema): string[] => [
  ...Object.keys(properties as object),
  ...(Array.isArray(required) ? required.map(String) : []),
];

/** The arguments of a form as `ngx.decode_args` gives them: `true` for one without `=`, a list of several. */
function formOf(bytes: Buffer): Record<string, unknown> {
  const form = new QueryArguments(bytes.toString('latin1'));
  const pairs = form
    .entries()
    .map(([name, value]) => [name, value === '' ? form.value(name) : value] as const);
  return collected(pairs, (name) => name);
}

function collected(
  pairs: Iterable<readonly [string, unknown]>,
  named: (name: string) => string,
): Record<string, unknown> {
  const all: Record<string, unknown> = Object.create(null);
  for (const [name, value] of pairs) {
    const key = textOf(named(name));
    const text = typeof value === 'string' ? textOf(value) : value;
    const before = all[key];
    all[key] = before === undefined ? text : [before, text].flat();
  }
  return all;
}

function jsonError(bytes: Buffer, check: Check, exchange: Exchange): string | undefined {
  try {
    const { value, ambiguous } = understoodJson(bytes);
    const error = check(value);
    if (error === undefined && ambiguous) exchange.replaceBody(Buffer.from(JSON.stringify(value)));
    return error;
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}
