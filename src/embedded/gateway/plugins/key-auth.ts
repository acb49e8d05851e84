import { bytesOf } from '../../../matching/bytes.ts';
import type { Consumer, Exchange } from '../exchange.ts';
import type { Plugin, PluginHost } from '../plugin.ts';
import { admit } from '../plugin-support/authentication.ts';
import { removeArgument } from '../query-arguments.ts';

interface KeyAuth {
  header: string;
  query: string;
  hide_credentials: boolean;
  anonymous_consumer?: string;
}

/** Asks for a key that one consumer or credential holds, in a header or in the query. */
export const keyAuth: Plugin<KeyAuth> = {
  name: 'key-auth',
  version: 0.1,
  priority: 2500,
  type: 'auth',
  schema: {
    type: 'object',
    properties: {
      header: { type: 'string', default: 'apikey' },
      query: { type: 'string', default: 'apikey' },
      hide_credentials: { type: 'boolean', default: false },
      anonymous_consumer: { type: 'string', minLength: 1 },
    },
  },
  consumerSchema: {
    type: 'object',
    properties: { key: { type: 'string' } },
    encrypt_fields: ['key'],
    required: ['key'],
  },
  fieldsOf: ({ header }) => [[header, '']],
  compile: (configuration, host) => ({
    rewrite: (exchange) =>
      admit(exchange, search(exchange, configuration, host), configuration.anonymous_consumer, host),
  }),
};

/** Gives the consumer of the key, or why there is none. */
function search(exchange: Exchange, configuration: KeyAuth, host: PluginHost): Consumer | string {
  const { headers } = exchange.request;
  const inHeader = headers.get(configuration.header);
  const key = inHeader ?? exchange.arguments.get(bytesOf(configuration.query));
  if (key === undefined) return 'Missing API key in request';
  const found = host.findConsumer('key-auth', 'key', key);
  if (found === undefined) return 'Invalid API key in request';
  if (configuration.hide_credentials) {
    if (inHeader === undefined) removeArgument(exchange, bytesOf(configuration.query));
    else headers.remove(configuration.header);
  }
  return found;
}
