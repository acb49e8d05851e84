import type { GatewayObject } from '../../../../model/gateway.ts';
import { upstream } from '../../schema/definitions.ts';
import { validationError } from '../../schema/validator.ts';
import { type AdminResource, referrerIn } from '../resource.ts';

export const upstreams: AdminResource = {
  collection: 'upstreams',
  kind: 'upstream',
  identifiedBy: 'id',
  schema: upstream,
  unsupported: [],
  check: (value) => upstreamError(value),
  referrer(store, id) {
    for (const [collection, word] of [
      ['routes', 'route'],
      ['services', 'service'],
    ] as const) {
      const referrer = referrerIn(store, collection, 'upstream_id', id);
      if (referrer !== undefined) {
        return `can not delete this upstream, ${word} [${referrer}] is still using it now`;
      }
    }
    return undefined;
  },
};

const HASH_KEYS: Record<string, string> = {
  vars: '^((uri|server_name|server_addr|request_uri|remote_port|remote_addr|query_string|host|hostname|mqtt_client_id)|arg_[0-9a-zA-z_-]+)$',
  header: '^[a-zA-Z0-9-_]+$',
  cookie: '^[a-zA-Z0-9-_]+$',
};

/** What is wrong with an upstream beyond its schema, whether it stands alone or inside a route or service. */
export function upstreamError(value: GatewayObject | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (value.pass_host === 'rewrite' && !value.upstream_host) {
    return "`upstream_host` can't be empty when `pass_host` is `rewrite`";
  }
  if (value.type === 'chash') {
    const hashOn = String(value.hash_on ?? 'vars');
    if (hashOn !== 'consumer' && value.key === undefined) return 'missing key';
    const pattern = HASH_KEYS[hashOn];
    const error = pattern && validationError({ type: 'string', pattern }, value.key);
    if (error) return `invalid configuration: ${error}`;
  }
  return unavailable(value);
}

function unavailable(value: GatewayObject): string | undefined {
  const { scheme = 'http', service_name: discovered, tls } = value;
  if (scheme !== 'http' && scheme !== 'https') return `scheme "${scheme}" is not available in this gateway`;
  if (discovered !== undefined) return 'property "service_name" is not available in this gateway';
  if (typeof tls === 'object' && tls !== null && Object.keys(tls).some((field) => field !== 'verify')) {
    return 'client certificates for upstreams are not available in this gateway';
  }
  return undefined;
}
