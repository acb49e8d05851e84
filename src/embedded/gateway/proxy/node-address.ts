import { isIPv6 } from 'node:net';

export interface NodeAddress {
  /** As it goes into a URL: an IPv6 address is in brackets. */
  host: string;
  port: number | undefined;
}

/** `host:port` */
export const addressOf = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;

/** What a resolver can be asked for: letters, digits, `-`, `_` and dots. */
const NAME = /^[0-9a-zA-Z_-][0-9a-zA-Z._-]*$/;
const MOST_PORT = 65535;

/**
 * Reads the address of a node as APISIX does (apisix/core/utils.lua, `parse_addr`): a name or an address, with a port or
 * without, an IPv6 address with its port in brackets. Gives the words of a refusal for what is none.
 */
export function nodeAddress(text: string): NodeAddress | string {
  if (isIPv6(text)) return { host: `[${text}]`, port: undefined };
  const [, host = '', digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text) ?? [];
  if (!(host.startsWith('[') ? isIPv6(host.slice(1, -1)) : NAME.test(host)))
    return `invalid address ${JSON.stringify(text)} of a node`;
  if (digits === undefined) return { host, port: undefined };
  const port = Number(digits);
  return port >= 1 && port <= MOST_PORT ? { host, port } : `invalid port ${port}`;
}
