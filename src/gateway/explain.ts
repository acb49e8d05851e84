import { QbtcError } from '../errors.ts';
import { addressList, compileExpression, containsAddress } from '../matching/expression.ts';
import { type Matched, Matcher } from '../matching/matcher.ts';
import { normalisePath } from '../matching/normal-path.ts';
import { PathTable } from '../matching/path-table.ts';
import type { GatewayObject, GatewayState } from '../model/gateway.ts';

/** One route, as a request meets it. */
export interface RouteVerdict {
  id: string;
  uris: string[];
  /** Why it does not answer; empty for the one that does. */
  reason: string;
}

export interface Explanation {
  method: string;
  url: string;
  /** The route that answers; `undefined` when the gateway would say 404. */
  answer: RouteVerdict | undefined;
  /** The others, the nearest first. */
  others: RouteVerdict[];
}

export interface RequestToExplain {
  method: string;
  url: string;
  headers?: Record<string, string>;
  /** The address that the request comes from. */
  from?: string;
}

/**
 * Says which route would answer a request, and why each other one does not, by the very matcher of the embedded
 * gateway, which follows APISIX's `radixtree_uri_with_parameter` (as apisix_conf/config.yaml sets it).
 *
 * @throws QbtcError BAD_URL
 */
export function explainRequest(
  state: Pick<GatewayState, 'route' | 'service'>,
  { method, url, headers = {}, from = '127.0.0.1' }: RequestToExplain,
): Explanation {
  const request = requestOf(method, url, headers, from);
  const matcher = new Matcher<string>();
  for (const [id, route] of state.route) matcher.set(id, route, hostsOf(route, state), id);
  const match = matcher.find(request);
  const others: (RouteVerdict & { distance: number })[] = [];
  let answer: RouteVerdict | undefined;
  for (const [id, route] of state.route) {
    const uris = urisOf(route);
    if (id === match?.target) {
      answer = { id, uris, reason: '' };
      continue;
    }
    const { reason, distance } = obstacle(route, hostsOf(route, state), request, match?.target, state);
    others.push({ id, uris, reason, distance });
  }
  others.sort((a, b) => b.distance - a.distance || a.id.localeCompare(b.id));
  return {
    method: request.method,
    url,
    answer,
    others: others.map(({ distance: _, ...verdict }) => verdict),
  };
}

/** The first of the route's conditions that the request does not meet. `distance` counts those that it does. */
function obstacle(
  route: GatewayObject,
  hosts: readonly string[] | undefined,
  request: Matched,
  winner: string | undefined,
  state: Pick<GatewayState, 'route'>,
): { reason: string; distance: number } {
  if (route.status === 0) return { reason: 'it is switched off (status 0)', distance: 0 };
  const uri = urisOf(route).find((each) => takesPath(each, request.path));
  if (uri === undefined) return { reason: `its URI is not ${request.path}`, distance: 0 };
  if (hosts !== undefined && !hosts.some((host) => takesHost(host, request.host))) {
    return {
      reason: `it is for the host ${hosts.join(' or ')}, the request has ${request.host || 'none'}`,
      distance: 1,
    };
  }
  const methods = Array.isArray(route.methods) ? route.methods : undefined;
  if (methods !== undefined && !methods.includes(request.method)) {
    return { reason: `it takes ${methods.join(', ')}, not ${request.method}`, distance: 2 };
  }
  const addresses = [route.remote_addr ?? route.remote_addrs ?? []].flat().map(String);
  if (addresses.length > 0 && !containsAddress(addressList(addresses), request.remoteAddress)) {
    return {
      reason: `it is for ${addresses.join(', ')}, the request comes from ${request.remoteAddress}`,
      distance: 3,
    };
  }
  if (route.vars !== undefined && !compileExpression(route.vars)(request)) {
    return { reason: `its vars do not hold: ${JSON.stringify(route.vars)}`, distance: 4 };
  }
  const first = winner === undefined ? undefined : state.route.get(winner);
  const byPriority =
    Number(first?.priority ?? 0) > Number(route.priority ?? 0) && urisOf(first).includes(uri);
  const why = byPriority
    ? `has priority ${String(first?.priority ?? 0)}, this one ${String(route.priority ?? 0)}`
    : 'is tried first: its URI is more exact, or it was there before';
  return { reason: `it would, but ${winner ?? 'another route'} ${why}`, distance: 5 };
}

function takesPath(uri: string, path: string): boolean {
  const table = new PathTable<true>();
  table.add({ uri, priority: 0, target: true });
  return table.find(path, () => true) === true;
}

const takesHost = (host: string, requested: string) =>
  host.startsWith('*') ? requested.endsWith(host.slice(1).toLowerCase()) : host.toLowerCase() === requested;

function hostsOf(route: GatewayObject, state: Pick<GatewayState, 'service'>): string[] | undefined {
  const service = route.service_id === undefined ? undefined : state.service.get(String(route.service_id));
  const hosts = route.hosts ?? (route.host === undefined ? service?.hosts : [route.host]);
  return Array.isArray(hosts) ? hosts.map(String) : undefined;
}

const urisOf = (route: GatewayObject | undefined): string[] =>
  [route?.uri ?? route?.uris ?? []].flat().map(String);

function requestOf(method: string, text: string, fields: Record<string, string>, from: string): Matched {
  let url: URL;
  try {
    url = new URL(text.startsWith('/') ? `http://localhost${text}` : text);
  } catch (cause) {
    throw new QbtcError('BAD_URL', `"${text}" is no URL`, {
      hint: 'write the whole URL, as http://127.0.0.1:9080/v1/models, or the path alone',
      cause,
    });
  }
  const headers = new Map(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
  const host = (headers.get('host') ?? url.host).replace(/:\d+$/, '').toLowerCase();
  const request: Matched = {
    method: method.toUpperCase(),
    host,
    path: normalisePath(url.pathname),
    remoteAddress: from,
    parameters: undefined,
    variable(name) {
      if (name.startsWith('arg_')) return url.searchParams.get(name.slice(4)) ?? undefined;
      if (name.startsWith('http_')) return headers.get(name.slice(5).replaceAll('_', '-'));
      if (name.startsWith('cookie_')) return cookie(headers.get('cookie'), name.slice(7));
      if (name.startsWith('uri_param_')) return request.parameters?.[name.slice(10)];
      const known: Record<string, string> = {
        uri: request.path,
        request_uri: `${url.pathname}${url.search}`,
        args: url.search.slice(1),
        query_string: url.search.slice(1),
        host,
        method: request.method,
        request_method: request.method,
        scheme: url.protocol.slice(0, -1),
        remote_addr: from,
        server_port: url.port,
      };
      return known[name];
    },
  };
  return request;
}

function cookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}
