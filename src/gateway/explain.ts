import { QbtcError } from '../errors.ts';
import { bytesOf, textOf } from '../matching/bytes.ts';
import { addressList, compileExpression, containsAddress, ExpressionError } from '../matching/expression.ts';
import { hostOf } from '../matching/host.ts';
import { type Match, type Matched, Matcher, takesHost } from '../matching/matcher.ts';
import { requestTarget } from '../matching/request-target.ts';
import { parseUri } from '../matching/uri.ts';
import type { GatewayObject, GatewayState } from '../model/gateway.ts';
import type { Explanation, OtherVerdict, RouteVerdict } from '../model/routes.ts';
import { hostsOf, priorityOf, urisOf } from './route-fields.ts';

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
  const unreadable = new Map<string, string>();
  for (const [id, route] of state.route) {
    try {
      matcher.set(id, route, hostsOf(route, state), id);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      unreadable.set(id, error.message);
    }
  }
  const match = matcher.find(request);
  const others: (OtherVerdict & { distance: number })[] = [];
  let answer: RouteVerdict | undefined;
  for (const [id, route] of state.route) {
    const uris = urisOf(route);
    const mistake = unreadable.get(id);
    if (id === match?.target) {
      answer = { id, uris, reason: '' };
    } else if (mistake !== undefined) {
      others.push({ id, uris, reason: `it cannot be judged: ${mistake}`, undecided: false, distance: 0 });
    } else {
      const obstacle = obstacleOf(route, hostsOf(route, state), request);
      const after = obstacle ?? behind(route, request, state.route.get(match?.target ?? ''), match);
      others.push({ id, uris, undecided: false, ...after });
    }
  }
  others.sort((a, b) => b.distance - a.distance || a.id.localeCompare(b.id));
  return {
    method: request.method,
    url,
    answer,
    others: others.map(({ distance: _, ...verdict }) => verdict),
  };
}

interface Obstacle {
  reason: string;
  /** How many of its conditions the request meets. */
  distance: number;
  undecided?: boolean;
}

/** The first of the route's conditions that the request does not meet; `undefined` when it meets them all. */
function obstacleOf(
  route: GatewayObject,
  hosts: readonly string[] | undefined,
  request: Matched,
): Obstacle | undefined {
  if (route.status === 0) return { reason: 'it is switched off (status 0)', distance: 0 };
  const uri = urisOf(route).find((each) => takesPath(each, request.path));
  if (uri === undefined) return { reason: `its URI is not ${textOf(request.path)}`, distance: 0 };
  if (hosts !== undefined && !hosts.some((host) => takesHost(host, request))) {
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
  return undefined;
}

/** Why a route that takes the request comes after the one that answers. */
function behind(
  route: GatewayObject,
  request: Matched,
  winner: GatewayObject | undefined,
  match: Match<string> | undefined,
): Obstacle {
  const uri = parseUri(urisOf(route).find((each) => takesPath(each, request.path)) ?? '');
  const taken = parseUri(match?.uri ?? '');
  const after = (why: string, undecided = false): Obstacle => ({
    reason: `it would, but ${match?.target ?? 'another route'} ${why}`,
    distance: 5,
    undecided,
  });
  if (uri.key !== taken.key || uri.exact !== taken.exact)
    return after('is tried first: its URI is more exact');
  if (priorityOf(winner) !== priorityOf(route)) {
    return after(`has priority ${priorityOf(winner)}, this one ${priorityOf(route)}`);
  }
  if (uri.text.length !== taken.text.length) return after('is tried first: its URI is longer');
  return after(
    'has the same URI and priority, and was there before; after a restart of APISIX the order of their ids decides',
    true,
  );
}

function takesPath(uri: string, path: string): boolean {
  const { exact, key, bind } = parseUri(uri);
  return exact ? path === key : path.startsWith(key) && bind(path) !== undefined;
}

/** The request as the gateway would read it; a path alone is one to this machine. */
function requestOf(method: string, text: string, fields: Record<string, string>, from: string): Matched {
  const headers = new Map(
    Object.entries(fields).map(([name, value]) => [name.toLowerCase(), bytesOf(value)] as const),
  );
  const target = requestTarget(bytesOf(text));
  if (target.refused !== undefined) throw badUrl(text, target.refused);
  const { path, query, forwarded, authority = 'localhost' } = target;
  const named = headers.get('host') ?? authority;
  const host = hostOf([named], undefined, true);
  if (host.refused !== undefined) throw badUrl(text, host.refused);
  const port = /:(\d+)$/.exec(named)?.[1];
  const known: ReadonlyMap<string, string | undefined> = new Map([
    ['uri', path],
    ['request_uri', forwarded],
    ['args', query],
    ['query_string', query],
    ['host', host.host],
    ['method', method.toUpperCase()],
    ['request_method', method.toUpperCase()],
    ['scheme', /^https:/i.test(text) ? 'https' : 'http'],
    ['remote_addr', from],
    ['server_port', port],
  ]);
  return {
    method: method.toUpperCase(),
    host: host.host,
    hostAndPort: port === undefined ? host.host : `${host.host}:${port}`,
    path,
    remoteAddress: from,
    value(name) {
      if (name.startsWith('arg_')) return argument(query, name.slice(4));
      if (name.startsWith('http_')) return headers.get(name.slice(5).replaceAll('_', '-'));
      if (name.startsWith('cookie_')) return cookie(headers.get('cookie'), name.slice(7));
      return known.get(name);
    },
  };
}

function badUrl(text: string, reason: string): QbtcError {
  return new QbtcError('BAD_URL', `"${text}" is no URL that a gateway takes: ${reason}`, {
    hint: 'write the whole URL, as http://127.0.0.1:9080/v1/models, or the path alone',
  });
}

function argument(query: string, name: string): string | undefined {
  const value = new URLSearchParams(textOf(query)).get(textOf(name));
  return value === null ? undefined : bytesOf(value);
}

function cookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}
