import { isIPv4, isIPv6 } from 'node:net';
import { addressList, containsAddress, ExpressionError } from '../../../matching/expression.ts';
import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';
import { remoteAddress } from '../schema/fields.ts';

interface RealIp {
  source: string;
  trusted_addresses?: string[];
  recursive: boolean;
}

/** Takes the client's address from where a proxy in front of the gateway has put it. */
export const realIp: Plugin<RealIp> = {
  name: 'real-ip',
  version: 0.1,
  priority: 23_000,
  schema: {
    type: 'object',
    properties: {
      trusted_addresses: { type: 'array', items: { anyOf: remoteAddress.anyOf }, minItems: 1 },
      source: { type: 'string', minLength: 1 },
      recursive: { type: 'boolean', default: false },
    },
    required: ['source'],
  },
  check({ trusted_addresses: addresses = [] }) {
    try {
      addressList(addresses);
      return undefined;
    } catch (error) {
      if (error instanceof ExpressionError) return error.message;
      throw error;
    }
  },
  compile({ source, trusted_addresses: addresses, recursive }) {
    const trusted = addresses === undefined ? undefined : addressList(addresses);
    const isProxy = (address: string) => trusted !== undefined && containsAddress(trusted, address);

    /** The last address that a proxy has added; behind proxies that are trusted, the last that is none of theirs. */
    function lastForwarded(exchange: Exchange): string | undefined {
      const list = exchange.client.headers.all('X-Forwarded-For').at(-1)?.split(/, */);
      if (list === undefined) return undefined;
      const last = list.at(-1);
      return recursive && trusted !== undefined ? (list.findLast((each) => !isProxy(each)) ?? list[0]) : last;
    }

    return {
      rewrite(exchange) {
        if (trusted !== undefined && !isProxy(exchange.remoteAddress)) return undefined;
        const given = source === 'http_x_forwarded_for' ? lastForwarded(exchange) : asSent(exchange, source);
        const found = parsed(given ?? '');
        if (found === undefined) return undefined;
        exchange.remoteAddress = found.address;
        exchange.remotePort = found.port;
        return undefined;
      },
    };
  },
};

/** Fields as the client sent them: what it says of itself does not go on to plugins and upstreams. */
function asSent(exchange: Exchange, source: string): string | undefined {
  return source.startsWith('http_')
    ? exchange.client.headers.get(source.slice('http_'.length).replaceAll('_', '-'))
    : exchange.variable(source);
}

/** An address as it may stand in a field (`core.utils.parse_addr`); without a port that is 0, as in nginx. */
function parsed(text: string): { address: string; port: number } | undefined {
  if (text.includes('%')) return undefined;
  if (isIPv6(text)) return { address: text, port: 0 };
  const [, inBrackets, bare = '', digits] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
  const isAddress = inBrackets === undefined ? isIPv4(bare) : isIPv6(inBrackets);
  const port = Number(digits ?? 0);
  if (!isAddress || port > 65_535 || (digits !== undefined && port === 0)) return undefined;
  return { address: inBrackets ?? bare, port };
}
