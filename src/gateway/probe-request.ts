import type { ApisixConsumer, ApisixRoute } from '../model/gateway.ts';
import { isRecord } from '../record.ts';

export interface ProbeRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

const SAFE_METHODS = ['GET', 'HEAD'];
const WRITING_METHODS = ['POST', 'PUT', 'PATCH'];
/** The best first. OPTIONS is last: a gateway or a framework answers it without asking what stands behind. */
const HARMLESS_METHODS = [...SAFE_METHODS, ...WRITING_METHODS, 'OPTIONS'];
/** Names a thing that does not exist, where the URI leaves a name open. */
const PLACEHOLDER = 'qbtc-probe';
/** Whose key is taken before any other's. */
const TEST_CONSUMER = 'test';
/** Fields of a route that choose among requests by more than host, path and method. */
const CONDITIONS = ['vars', 'filter_func', 'remote_addr', 'remote_addrs'];
/** No JSON parser lets it through, so that a service refuses it before it does anything. */
const UNREADABLE_BODY = '{';

/**
 * The most harmless request that the route lets through: a safe method where it has one, else a body that nobody can
 * read, with the key of the test consumer where the route asks for one. OPTIONS is never sent to a route with the cors
 * plugin, which answers it itself. A route whose only method is DELETE is not tried unless its URI leaves a name open:
 * there is no harmless way to delete a thing that exists.
 */
export function probeRequest(
  route: ApisixRoute,
  consumers: readonly ApisixConsumer[],
): ProbeRequest | { untried: string } {
  const condition = CONDITIONS.find((field) => isSet(route[field]));
  if (condition !== undefined) return { untried: `its ${condition} may ask for what a probe does not have` };
  const uri = route.uri ?? route.uris?.[0] ?? '/';
  const path = uri.replace(/\*.*$/, PLACEHOLDER).replace(/\/:[^/]+/g, `/${PLACEHOLDER}`);
  const allowed = route.methods?.length ? route.methods : SAFE_METHODS;
  const methods = isInForce(route, 'cors') ? allowed.filter((each) => each !== 'OPTIONS') : allowed;
  const method = HARMLESS_METHODS.find((each) => methods.includes(each)) ?? methods[0];
  if (method === undefined) return { untried: `OPTIONS ${uri} would be answered by the cors plugin` };
  if (method === 'DELETE' && path === uri) return { untried: `DELETE ${uri} would not be harmless` };

  const probe: ProbeRequest = { method, path, headers: { 'user-agent': 'qbtc-probe' } };
  if (WRITING_METHODS.includes(method)) {
    probe.body = UNREADABLE_BODY;
    probe.headers['content-type'] = 'application/json';
  }
  const host = hostOf(route);
  if (host !== undefined) probe.headers.host = host;
  const keyHeader = keyHeaderOf(route);
  const key = keyHeader === undefined ? undefined : keyFor(keyHeader, consumers);
  if (keyHeader !== undefined && key !== undefined) probe.headers[keyHeader] = key;
  return probe;
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

function hostOf(route: ApisixRoute): string | undefined {
  const host = route.host ?? (Array.isArray(route.hosts) ? route.hosts[0] : undefined);
  return typeof host === 'string' ? host.replace(/^\*/, PLACEHOLDER) : undefined;
}

/** The header in which the route's key-auth looks for the key; `undefined` when it asks for none. */
function keyHeaderOf(route: ApisixRoute): string | undefined {
  if (!isInForce(route, 'key-auth')) return undefined;
  const header = route.plugins?.['key-auth']?.header;
  return typeof header === 'string' ? header.toLowerCase() : 'apikey';
}

function isInForce(route: ApisixRoute, plugin: string): boolean {
  const configuration = route.plugins?.[plugin];
  if (!configuration) return false;
  return !(isRecord(configuration._meta) && configuration._meta.disable === true);
}

/** A declared key, the test consumer's first. In `authorization` clients send `Bearer KEY`, elsewhere the bare key. */
function keyFor(header: string, consumers: readonly ApisixConsumer[]): string | undefined {
  const testFirst = [...consumers].sort(
    (a, b) => Number(b.username === TEST_CONSUMER) - Number(a.username === TEST_CONSUMER),
  );
  for (const consumer of testFirst) {
    const keys = [consumer.plugins, ...(consumer.credentials ?? []).map((credential) => credential.plugins)]
      .map((plugins) => plugins?.['key-auth']?.key)
      .filter((key) => typeof key === 'string');
    const usual = keys.find((key) => key.startsWith('Bearer ') === (header === 'authorization'));
    if (usual ?? keys[0]) return usual ?? keys[0];
  }
  return undefined;
}
