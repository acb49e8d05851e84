import { compileExpression, type Expression, ExpressionError } from '../../../matching/expression.ts';
import type { Plugin } from '../plugin.ts';
import { template } from '../variables.ts';

interface ResponseRewrite {
  headers?: Record<string, unknown>;
  body?: string;
  body_base64: boolean;
  status_code?: number;
  vars?: unknown[];
  filters?: unknown[];
}

const values = {
  type: 'object',
  minProperties: 1,
  patternProperties: { '^[^:]+$': { oneOf: [{ type: 'string' }, { type: 'number' }] } },
};

/** Changes what goes back to the client: status, headers, the whole body. */
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
      filters: { type: 'array', minItems: 1, items: { type: 'object', required: ['regex', 'replace'] } },
    },
  },
  check(configuration) {
    if (configuration.filters !== undefined) return 'property "filters" is not available in this gateway';
    if (configuration.body_base64 && !/^[A-Za-z0-9+/]+={0,2}$/.test(configuration.body ?? '')) {
      return 'invalid base64 content';
    }
    if (configuration.vars === undefined) return undefined;
    try {
      compileExpression(configuration.vars);
      return undefined;
    } catch (error) {
      if (error instanceof ExpressionError)
        return `failed to validate the 'vars' expression: ${error.message}`;
      throw error;
    }
  },
  compile(configuration) {
    const matches: Expression =
      configuration.vars === undefined ? () => true : compileExpression(configuration.vars);
    const { add, set, remove } = headerOperations(configuration.headers);
    const body =
      configuration.body !== undefined && configuration.body_base64
        ? Buffer.from(configuration.body, 'base64')
        : configuration.body;
    return {
      headerFilter(exchange) {
        const { response } = exchange;
        if (response === undefined || !matches(exchange)) return;
        if (configuration.status_code !== undefined) response.status = configuration.status_code;
        if (body !== undefined) {
          for (const name of ['Content-Length', 'Content-Encoding', 'ETag', 'Last-Modified']) {
            response.headers.remove(name);
          }
          response.body = body;
        }
        for (const { name, value } of add) response.headers.add(name, value.render(exchange));
        for (const { name, value } of set) response.headers.set(name, value.render(exchange));
        for (const name of remove) response.headers.remove(name);
      },
    };
  },
};

function headerOperations(headers: Record<string, unknown> = {}) {
  const grouped = ['add', 'set', 'remove'].some((word) => typeof headers[word] === 'object');
  const set = (grouped ? headers.set : headers) as Record<string, string | number> | undefined;
  const add = (grouped ? headers.add : undefined) as string[] | undefined;
  return {
    add: (add ?? []).map((line) => {
      const colon = line.indexOf(':');
      return { name: line.slice(0, colon).trim(), value: template(line.slice(colon + 1).trim()) };
    }),
    set: Object.entries(set ?? {}).map(([name, value]) => ({ name, value: template(String(value)) })),
    remove: ((grouped ? headers.remove : undefined) ?? []) as string[],
  };
}
