import { bytesOf } from '../../matching/bytes.ts';
import type { GatewayObject } from '../../model/gateway.ts';
import { isToken } from './http/fields.ts';
import { isLineText } from './http/head-text.ts';
import { BALANCERS } from './proxy/balancer.ts';
import { nodeAddress } from './proxy/node-address.ts';
import { validationError } from './schema/validator.ts';
import { unavailable } from './unavailable.ts';

/**
 * What is wrong with an upstream beyond its schema, wherever it stands: alone, in a route, a service or a plugin's
 * configuration. In APISIX's words where it has some (apisix/upstream.lua, `check_upstream_conf`).
 */
export function upstreamError(value: GatewayObject | undefined): string | undefined {
  if (value === undefined) return undefined;
  return (
    nodesError(value.nodes) ?? hostError(value) ?? hashError(value) ?? checksError(value) ?? lacking(value)
  );
}

function nodesError(nodes: unknown): string | undefined {
  const hosts = Array.isArray(nodes)
    ? nodes.map(({ host }: { host: string }) => host)
    : Object.keys((nodes ?? {}) as object);
  return hosts.map(nodeAddress).find((address) => typeof address === 'string');
}

function hostError(value: GatewayObject): string | undefined {
  return value.pass_host === 'rewrite' && !value.upstream_host
    ? "`upstream_host` can't be empty when `pass_host` is `rewrite`"
    : undefined;
}

const HASH_KEYS: ReadonlyMap<string, string> = new Map([
  [
    'vars',
    '^((uri|server_name|server_addr|request_uri|remote_port|remote_addr|query_string|host|hostname|mqtt_client_id)|arg_[0-9a-zA-z_-]+)$',
  ],
  ['header', '^[a-zA-Z0-9-_]+$'],
  ['cookie', '^[a-zA-Z0-9-_]+$'],
]);

function hashError(value: GatewayObject): string | undefined {
  if (value.type !== 'chash') return undefined;
  const hashOn = String(value.hash_on ?? 'vars');
  if (hashOn !== 'consumer' && value.key === undefined) return 'missing key';
  const pattern = HASH_KEYS.get(hashOn);
  const error = pattern && validationError({ type: 'string', pattern }, value.key);
  return error ? `invalid configuration: ${error}` : undefined;
}

const TARGET = /^[\x21-\x7e\x80-\xff]+$/;

interface ActiveCheck {
  http_path?: string;
  req_headers?: string[];
  timeout?: number;
  concurrency?: number;
}

/** What of a probe would break its head, or could not be. */
function checksError(value: GatewayObject): string | undefined {
  const { active = {} } = (value.checks ?? {}) as { active?: ActiveCheck };
  const { http_path: path = '/', req_headers: fields = [], timeout = 1, concurrency = 1 } = active;
  if (timeout <= 0) return 'property "checks.active.timeout" must be greater than 0';
  if (concurrency <= 0) return 'property "checks.active.concurrency" must be greater than 0';
  if (!TARGET.test(bytesOf(path))) return cannotBeSent('http_path', path);
  const field = fields.find((each) => !isField(bytesOf(each)));
  return field === undefined ? undefined : cannotBeSent('req_headers', field);
}

const cannotBeSent = (property: string, text: string) =>
  `property "checks.active.${property}" cannot be sent: ${JSON.stringify(text)}`;

function isField(line: string): boolean {
  const colon = line.indexOf(':');
  return colon > 0 && isToken(line.slice(0, colon)) && isLineText(line);
}

/** Fields of an upstream that this gateway cannot carry out, and those that stand in its object `tls`. */
const LACKING = ['service_name', 'discovery_type', 'discovery_args'];
const LACKING_TLS = ['client_cert_id', 'client_cert', 'client_key'];
const SCHEMES: readonly unknown[] = ['http', 'https'];

function lacking(value: GatewayObject): string | undefined {
  const { scheme = 'http', type = 'roundrobin' } = value;
  if (!SCHEMES.includes(scheme)) return unavailable(`scheme "${scheme}"`);
  const field = LACKING.find((each) => value[each] !== undefined);
  if (field !== undefined) return unavailable(`property "${field}"`);
  const tls = (value.tls ?? {}) as Record<string, unknown>;
  const ofTls = LACKING_TLS.find((each) => tls[each] !== undefined);
  if (ofTls !== undefined) return unavailable(`property "tls.${ofTls}"`);
  return BALANCERS.includes(String(type))
    ? undefined
    : `property "type": "${type}" is none of ${BALANCERS.join(', ')}`;
}
