import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { bytesOf } from '../../../matching/bytes.ts';
import type { Plugin } from '../plugin.ts';
import { ksuid } from '../plugin-support/ksuid.ts';

interface RequestId {
  header_name: string;
  include_in_response: boolean;
  algorithm: 'uuid' | 'nanoid' | 'range_id' | 'ksuid';
  range_id: { length: number; char_set: string };
}

const RANGE = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIGKLMNOPQRSTUVWXYZ0123456789';
const NANOID_BYTES = 16;
const MOST_CHARACTERS = 1024;

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
      algorithm: { type: 'string', enum: ['uuid', 'nanoid', 'range_id', 'ksuid'], default: 'uuid' },
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
  check: ({ range_id: range }) =>
    (range?.length ?? 0) > MOST_CHARACTERS
      ? `an id of more than ${MOST_CHARACTERS} characters fits into no head`
      : undefined,
  fieldsOf: ({ header_name: name, range_id: range }) => [
    [name, ''],
    ['X-Request-Id', (range as RequestId['range_id'] | undefined)?.char_set],
  ],
  compile({ header_name: name, algorithm, range_id: range, include_in_response: answers }, host) {
    const ids = {};
    const characters = bytesOf(range.char_set);

    function create(): string {
      switch (algorithm) {
        case 'nanoid':
          return randomBytes(NANOID_BYTES).toString('base64url').slice(0, 21);
        case 'range_id':
          return Array.from({ length: range.length }, () => characters[randomInt(characters.length)]).join(
            '',
          );
        case 'ksuid':
          return ksuid(host.now());
        default:
          return randomUUID();
      }
    }

    return {
      rewrite(exchange) {
        const { headers } = exchange.request;
        // One that is empty is none, as in later versions of APISIX.
        const given = headers.get(name);
        const id = given || create();
        if (!given) {
          headers.removeVouched(name);
          headers.put(name, id);
        }
        if (answers) exchange.note(ids, id);
        return undefined;
      },
      headerFilter(exchange) {
        const id = exchange.noted(ids) as string | undefined;
        const headers = exchange.response?.headers;
        if (id !== undefined && headers !== undefined && !headers.get(name)) headers.put(name, id);
      },
    };
  },
};
