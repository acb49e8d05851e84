import type { Refused } from './refused.ts';

/** The host that a request is for. */
export interface RequestHost {
  readonly refused?: undefined;
  /** What routes match, nginx's `$host`: lower case, without port and trailing dot; empty when there is none. */
  readonly host: string;
  /** What Host says to the upstream under `pass_host: pass`; `undefined` when an HTTP/1.0 client named none. */
  readonly field: string | undefined;
}

// RFC 3986, 3.2.2, as nginx reads it: registered names and IPv4 addresses, or an IP literal; then a port.
const AUTHORITY = /^([\w.~!$&'()*+,;=%-]+|\[[\w.~!$&'()*+,;=:-]+\])(?::(\d*))?$/;
const HIGHEST_PORT = 65_535;

/**
 * Derives the host once for matching, plugins, logs and the upstream (`ngx_http_validate_host`,
 * `ngx_http_process_host`). The authority of an absolute-form target takes the place of Host, there and upstream
 * (RFC 9112, 3.2.2); Host must be right all the same.
 *
 * @param fields the values of all Host fields, in their order
 * @param authority that of the target, as `requestTarget` gives it
 * @param required whether a request without Host is refused: in HTTP/1.1 (RFC 9112, 3.2)
 * @returns `Refused` for 400: two Host fields, none where one is required, one that is empty or no host
 */
export function hostOf(
  fields: readonly string[],
  authority: string | undefined,
  required: boolean,
): RequestHost | Refused {
  if (fields.length > 1) return SEVERAL;
  const [field] = fields;
  if (field === undefined && required) return MISSING;
  const named = field === undefined ? '' : hostName(field);
  const asked = authority === undefined ? named : hostName(authority);
  if (named === undefined || asked === undefined) return INVALID;
  return { host: asked, field: authority ?? field };
}

/** The name in `host:port` as routes match it; `undefined` when it is no authority. */
function hostName(authority: string): string | undefined {
  const parts = AUTHORITY.exec(authority);
  if (parts === null || Number(parts[2] ?? 0) > HIGHEST_PORT) return undefined;
  const name = (parts[1] as string).toLowerCase();
  if (name.includes('..')) return undefined;
  return name.endsWith('.') ? name.slice(0, -1) || undefined : name;
}

const SEVERAL: Refused = { refused: 'more than one Host' };
const MISSING: Refused = { refused: 'no Host' };
const INVALID: Refused = { refused: 'invalid Host' };
