import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Plugin } from '../plugin.ts';

interface RequestId {
  header_name: string;
  include_in_response: boolean;
  algorithm: 'uuid' | 'nanoid' | 'range_id';
  range_id: { length: number; char_set: string };
}

const RANGE = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIGKLMNOPQRSTUVWXYZ0123456789';
const NANOID_BYTES = 16;

/** Gives each request an id, unless the client has given it one. */
export const requestId: Plugin<RequestId> = {
  name: 'request-id',
  version: 0.1,
  priority: 12015,
  schema: {
    type: 'object',
    properties: {
      header_name: { type: 'string', default: 'X-Request-Id' },
      include_in_response: { type: 'boolean', default: true },
      algorithm: { type: 'string', enum: ['uuid', 'nanoid', 'range_id'], default: 'uuid' },
      range_id: {
        type: 'object',
        properties: {
          length: { type: 'integer', minimum: 6, default: 16 },
          char_set: { type: 'string', minLength: 6, default: RANGE },
        },
        default: { length: 16, char_set: RANGE },
      },
    },
  },
  compile(configuration) {
    const { header_name: name, algorithm, range_id: range } = configuration;
    const ids = {};

    function create(): string {
      if (algorithm === 'nanoid') return randomBytes(NANOID_BYTES).toString('base64url').slice(0, 21);
      if (algorithm === 'uuid') return randomUUID();
      return Array.from(
        { length: range.length },
        () => range.char_set[randomInt(range.char_set.length)],
      ).join('');
    }

    return {
      rewrite(exchange) {
        const given = exchange.request.headers.get(name);
        const id = given || create();
        if (!given) exchange.request.headers.set(name, id);
        if (configuration.include_in_response) exchange.note(ids, id);
        return undefined;
      },
      headerFilter(exchange) {
        const id = exchange.noted(ids) as string | undefined;
        const headers = exchange.response?.headers;
        if (id !== undefined && headers !== undefined && !headers.get(name)) headers.set(name, id);
      },
    };
  },
};
