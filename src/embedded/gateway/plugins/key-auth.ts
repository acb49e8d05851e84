import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';

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
  compile: (configuration, host) => ({
    rewrite(exchange) {
      const { headers } = exchange.request;
      const inHeader = headers.get(configuration.header);
      const key = inHeader ?? exchange.arguments.get(configuration.query) ?? undefined;
      const found = key === undefined ? undefined : host.findConsumer('key-auth', 'key', key);
      if (configuration.hide_credentials && (found !== undefined || configuration.anonymous_consumer)) {
        headers.remove(configuration.header);
        if (inHeader === undefined || found === undefined) hideArgument(exchange, configuration.query);
      }
      exchange.consumer =
        found ??
        (configuration.anonymous_consumer === undefined
          ? undefined
          : host.consumerNamed(configuration.anonymous_consumer));
      if (exchange.consumer !== undefined) return undefined;
      if (configuration.anonymous_consumer !== undefined) return refused('Invalid user authorization');
      return refused(key === undefined ? 'Missing API key in request' : 'Invalid API key in request');
    },
  }),
};

const refused = (message: string): Answer => ({ status: 401, body: { message } });

function hideArgument(exchange: Exchange, name: string): void {
  const mark = exchange.request.target.indexOf('?');
  if (mark === -1) return;
  const kept = exchange.request.target
    .slice(mark + 1)
    .split('&')
    .filter((pair) => !new URLSearchParams(pair).has(name));
  const path = exchange.request.target.slice(0, mark);
  exchange.request.target = kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}
