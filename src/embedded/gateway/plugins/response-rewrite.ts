import { messageOf } from '../../../errors.ts';
import { compileExpression, type Expression } from '../../../matching/expression.ts';
import type { BodyFilter, Exchange, OutgoingResponse } from '../exchange.ts';
import { fieldError } from '../http/field-text.ts';
import { Pieces } from '../pieces.ts';
import type { Plugin } from '../plugin.ts';
import { decoderOf } from '../plugin-support/content-coding.ts';
import {
  type Substitution,
  type SubstitutionConfiguration,
  substitution,
} from '../plugin-support/substitution.ts';
import { template } from '../template.ts';
import { varsError } from '../vars-check.ts';

interface ResponseRewrite {
  headers?: Record<string, unknown>;
  body?: string;
  body_base64: boolean;
  status_code?: number;
  vars?: unknown[];
  filters?: SubstitutionConfiguration[];
}

const values = {
  type: 'object',
  minProperties: 1,
  patternProperties: { '^[^:]+$': { oneOf: [{ type: 'string' }, { type: 'number' }] } },
};

/** What is held of a body that filters are to change; they work on all of it at once. */
const MOST_HELD_BYTES = 4 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

const filter = {
  type: 'object',
  required: ['regex', 'replace'],
  properties: {
    regex: { type: 'string', minLength: 1 },
    scope: { type: 'string', enum: ['once', 'global'], default: 'once' },
    replace: { type: 'string' },
    options: { type: 'string', default: 'jo' },
  },
};

/** Changes what goes back to the client: status, headers, the whole body or parts of it. */
export const responseRewrite: Plugin<ResponseRewrite> = {
  name: 'response-rewrite',
  version: 0.1,
  priority: 899,
  schema: {
    type: 'object',
    properties: {
      headers: {
        anyOf: [
          values,
          {
            properties: {
              add: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^[^:]+:[^:]*[^/]$' } },
              set: values,
              remove: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^[^:]+$' } },
            },
          },
        ],
      },
      body: { type: 'string' },
      body_base64: { type: 'boolean', default: false },
      status_code: { type: 'integer', minimum: 200, maximum: 598 },
      vars: { type: 'array' },
      filters: { type: 'array', minItems: 1, items: filter },
    },
    dependencies: { body: { not: { required: ['filters'] } }, filters: { not: { required: ['body'] } } },
  },
  check(configuration) {
    if (configuration.body_base64 && !isBase64(configuration.body ?? '')) return 'invalid base64 content';
    const { add, set, remove } = fieldsOf(configuration.headers);
    const unfit = fieldError([...add, ...set, ...remove.map((name): [string, string] => [name, ''])]);
    if (unfit !== undefined) return unfit;
    return (configuration.vars && varsError(configuration.vars)) ?? filterError(configuration.filters);
  },
  compile(configuration, host) {
    const matches: Expression =
      configuration.vars === undefined ? () => true : compileExpression(configuration.vars);
    const { remove, ...fields } = fieldsOf(configuration.headers);
    const [add, set] = [prepared(fields.add), prepared(fields.set)];
    const body =
      configuration.body !== undefined && configuration.body_base64
        ? Buffer.from(configuration.body, 'base64')
        : configuration.body;
    const substitutions = configuration.filters?.map(substitution);
    const filtering = {};

    /** Begins to hold the body, where it can be read. */
    function filtered(response: OutgoingResponse): BodyFilter | undefined {
      const coding = response.headers.get('content-encoding') ?? '';
      if (coding !== '' && decoderOf(coding) === undefined) {
        host.log('warn', 'response-rewrite cannot filter a body in this content coding', { coding });
        return undefined;
      }
      const length = Number(response.headers.get('content-length') ?? 0);
      if (length > MOST_HELD_BYTES) throw tooLong();
      forgetBody(response);
      response.lengthChanges = true;
      return substitutedBody(substitutions ?? [], coding);
    }

    return {
      headerFilter(exchange) {
        const { response } = exchange;
        if (response === undefined || !matches(exchange)) return;
        if (configuration.status_code !== undefined) response.status = configuration.status_code;
        if (body !== undefined) {
          forgetBody(response);
          response.body = body;
        }
        if (substitutions !== undefined) exchange.note(filtering, filtered(response));
        for (const { name, value } of add) response.headers.append(name, value.render(exchange));
        for (const { name, value } of set) response.headers.put(name, value.render(exchange));
        for (const name of remove) response.headers.remove(name);
      },
      ...(substitutions === undefined
        ? {}
        : {
            bodyFilter(exchange: Exchange, chunk: Buffer, last: boolean) {
              const filter = exchange.noted(filtering) as BodyFilter | undefined;
              return filter === undefined ? chunk : filter(chunk, last);
            },
          }),
    };
  },
};

/** What OpenResty decodes (`ngx_decode_base64`): the padding may be missing, and nothing behind it is looked at. */
function isBase64(text: string): boolean {
  const [digits = ''] = text.split('=', 1);
  return text !== '' && digits.length % 4 !== 1 && /^[A-Za-z0-9+/]*$/.test(digits);
}

/** What was said of the body before it became another (`core.response.clear_header_as_body_modified`). */
function forgetBody({ headers }: OutgoingResponse): void {
  for (const name of ['Content-Length', 'Content-Encoding', 'ETag', 'Last-Modified']) headers.remove(name);
}

/** Holds all of the body, and gives it at the end with the substitutions carried out one after the other. */
function substitutedBody(substitutions: readonly Substitution[], coding: string): BodyFilter {
  const decode = decoderOf(coding);
  const pieces = new Pieces();
  const changed = (body: Buffer) =>
    Buffer.from(
      substitutions.reduce((text, substitute) => substitute(text), body.toString('latin1')),
      'latin1',
    );
  return (chunk, last) => {
    pieces.add(chunk);
    if (pieces.length > MOST_HELD_BYTES) throw tooLong();
    if (!last) return NOTHING;
    const body = pieces.bytes();
    return decode === undefined || body.length === 0
      ? changed(body)
      : decode(body, MOST_HELD_BYTES).then(changed);
  };
}

const tooLong = () =>
  new RangeError(
    `response-rewrite filters bodies of at most ${MOST_HELD_BYTES} bytes, and this one is longer`,
  );

function filterError(filters: SubstitutionConfiguration[] = []): string | undefined {
  for (const each of filters) {
    try {
      substitution(each);
    } catch (error) {
      return `regex "${each.regex}" validation failed: ${messageOf(error)}`;
    }
  }
  return undefined;
}

function fieldsOf(headers: Record<string, unknown> = {}) {
  const grouped = ['add', 'set', 'remove'].some((word) => typeof headers[word] === 'object');
  const { add, set, remove } = (grouped ? headers : { set: headers }) as Partial<{
    add: string[];
    set: Record<string, string | number>;
    remove: string[];
  }>;
  return {
    add: (add ?? []).map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
    set: Object.entries(set ?? {}),
    remove: remove ?? [],
  };
}

const prepared = (fields: [string, string | number][]) =>
  fields.map(([name, value]) => ({ name, value: template(String(value)) }));
