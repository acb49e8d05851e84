/** What ADC calls `description` is `desc` in APISIX; all else has one name in both (libs/sdk/src/core/schema.ts of ADC). */
const COMMON = ['name', 'desc', 'labels'];

export const ROUTE = new Set([
  ...COMMON,
  ...'hosts uris priority timeout vars methods enable_websocket remote_addrs plugins filter_func'.split(' '),
]);
export const STREAM_ROUTE = new Set([
  ...COMMON,
  ...'plugins remote_addr server_addr server_port sni'.split(' '),
]);
export const SERVICE = new Set([...COMMON, 'plugins', 'hosts']);
export const UPSTREAM = new Set([
  ...COMMON,
  ...'type hash_on key checks nodes scheme retries retry_timeout timeout tls keepalive_pool pass_host upstream_host service_name discovery_type discovery_args'.split(
    ' ',
  ),
]);
export const CONSUMER = new Set(['username', 'desc', 'labels', 'plugins']);
export const GROUP = new Set([...COMMON, 'plugins']);
export const CREDENTIAL = new Set([...COMMON]);
export const CREDENTIAL_TYPES = new Set(['key-auth', 'basic-auth', 'jwt-auth', 'hmac-auth']);

/** Beside what ADC itself writes: what of APISIX an ADC service was, as ADC has one form for all of it. */
export const OF_LABEL = 'qbtc-of';
/** `service` with its upstream in it, `route` with it, `upstream` without a service, or nothing at all. */
export type StandsFor = 'service' | 'route' | 'upstream' | 'none';
/** The id of the upstream that a service names, where it is not its own. */
export const UPSTREAM_LABEL = 'qbtc-upstream';
