import type { BlockList } from 'node:net';
import type { GatewayObject } from '../model/gateway.ts';
import { bytesOf } from './bytes.ts';
import {
  addressList,
  compileExpression,
  containsAddress,
  type Expression,
  type Variables,
} from './expression.ts';
import { type Candidate, PathTable } from './path-table.ts';
import { type Parameters, parseUri } from './uri.ts';

/** A request as far as routes look at it. Its text is one character a byte. */
export interface Matched extends Variables {
  /** Lower case, without port; empty when there is none. */
  readonly host: string;
  /** The same with the port that Host names, if it names one. */
  readonly hostAndPort: string;
  /** In its normal form (`normalisePath`). */
  readonly path: string;
  readonly method: string;
  readonly remoteAddress: string;
}

/** A route as the matcher holds it. */
interface Matchable<T> {
  target: T;
  /** `undefined` for any. */
  hosts: readonly Host[] | undefined;
  methods: ReadonlySet<string> | undefined;
  addresses: BlockList | undefined;
  vars: Expression | undefined;
  readsBody: boolean;
}

interface Host {
  /** As the route has it. */
  text: string;
  /** What the request's is, or ends with. */
  name: string;
  wildcard: boolean;
}

export interface Match<T> {
  target: T;
  uri: string;
  /** The host of the route that took the request; empty for a route of any. */
  host: string;
  parameters: Parameters;
}

/**
 * Finds the route of a request as APISIX's `radixtree_uri_with_parameter` does, the router of apisix_conf/: by path
 * first, then by priority; method, address, host and `vars` are conditions. Among routes that nothing tells apart the
 * one that came first is taken, and a route that is changed keeps its place. Routes come and go one by one, between two
 * requests.
 */
export class Matcher<T> {
  readonly #table = new PathTable<Matchable<T>>();
  readonly #placed = new Map<string, { order: number; candidates: Candidate<Matchable<T>>[] }>();
  #orders = 0;
  /** How many routes look at the body of a request. */
  #readers = 0;

  /**
   * Puts a route in, or in the place of the one that has its id.
   *
   * @param hosts those of the route, or else of its service
   * @throws ExpressionError for `vars` or addresses that are none
   */
  set(id: string, route: GatewayObject, hosts: readonly string[] | undefined, target: T): void {
    const order = this.#placed.get(id)?.order ?? this.#orders++;
    const matchable = matchableOf(route, hosts, target);
    const uris = route.status === 0 ? [] : [route.uri ?? route.uris ?? []].flat().map(String);
    const priority = Number(route.priority ?? 0);
    this.remove(id);
    const candidates = uris.map((uri) => ({ priority, order, uri: parseUri(uri), target: matchable }));
    for (const candidate of candidates) this.#table.add(candidate);
    this.#placed.set(id, { order, candidates });
    this.#readers += readersIn(candidates);
  }

  remove(id: string): void {
    const { candidates } = this.#placed.get(id) ?? { candidates: [] };
    for (const candidate of candidates) this.#table.remove(candidate);
    this.#placed.delete(id);
    this.#readers -= readersIn(candidates);
  }

  find(request: Matched): Match<T> | undefined {
    return this.#table.find(request.path, ({ target: matchable, uri }) => {
      const host = accepts(matchable, request);
      const parameters = host && uri.bind(request.path);
      if (parameters === undefined || matchable.vars?.(request) === false) return undefined;
      return { target: matchable.target, host: (host as Host).text, uri: uri.text, parameters };
    });
  }

  /**
   * Says whether the route of a request hangs on its body: whether `find` would come to one that looks at `post_arg`
   * before it comes to one that takes the request. Without such routes it costs nothing.
   */
  hangsOnBody(request: Matched): boolean {
    if (this.#readers === 0) return false;
    const hangs = this.#table.find(request.path, ({ target: { vars, readsBody, ...conditions }, uri }) => {
      if (accepts(conditions, request) === undefined || uri.bind(request.path) === undefined)
        return undefined;
      return readsBody || (vars?.(request) ?? true) ? readsBody : undefined;
    });
    return hangs === true;
  }
}

function matchableOf<T>(route: GatewayObject, hosts: readonly string[] | undefined, target: T): Matchable<T> {
  const addresses = [route.remote_addr ?? route.remote_addrs ?? []].flat().map(String);
  const methods = (route.methods ?? []) as string[];
  const vars = route.vars === undefined ? undefined : compileExpression(route.vars);
  return {
    target,
    hosts: hosts === undefined || hosts.length === 0 ? undefined : hosts.map(parseHost),
    methods: methods.length === 0 ? undefined : new Set(methods.map(bytesOf)),
    addresses: addresses.length === 0 ? undefined : addressList(addresses),
    vars,
    readsBody: [...(vars?.names ?? [])].some((name) => name.startsWith('post_arg')),
  };
}

const readersIn = <T>(candidates: readonly Candidate<Matchable<T>>[]) =>
  candidates.filter((each) => each.target.readsBody).length;

/** A `*` stands for what a name begins with. */
function parseHost(text: string): Host {
  const wildcard = text.startsWith('*');
  return { text, name: bytesOf(text.slice(wildcard ? 1 : 0).toLowerCase()), wildcard };
}

/** That a host of a route is the request's. */
export function takesHost(host: string, request: Pick<Matched, 'host' | 'hostAndPort'>): boolean {
  return takes(parseHost(host), request);
}

function takes({ name, wildcard }: Host, request: Pick<Matched, 'host' | 'hostAndPort'>): boolean {
  const asked = name.includes(':') && !name.endsWith(']') ? request.hostAndPort : request.host;
  return wildcard ? asked.endsWith(name) : asked === name;
}

const ANY_HOST: Host = { text: '', name: '', wildcard: true };

/** The host of the route that is the request's; `undefined` when that or another condition does not hold. */
function accepts(
  { methods, addresses, hosts }: Pick<Matchable<unknown>, 'methods' | 'addresses' | 'hosts'>,
  request: Matched,
): Host | undefined {
  if (methods !== undefined && !methods.has(request.method)) return undefined;
  if (addresses !== undefined && !containsAddress(addresses, request.remoteAddress)) return undefined;
  return hosts === undefined ? ANY_HOST : hosts.find((host) => takes(host, request));
}
