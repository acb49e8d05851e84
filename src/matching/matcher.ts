import type { BlockList } from 'node:net';
import type { GatewayObject } from '../model/gateway.ts';
import {
  addressList,
  compileExpression,
  containsAddress,
  type Expression,
  type Variables,
} from './expression.ts';
import { type Candidate, PathTable } from './path-table.ts';

/** A request as far as routes look at it. */
export interface Matched extends Variables {
  /** Lower case, without port; empty when there is none. */
  readonly host: string;
  /** In its normal form (`normalisePath`). */
  readonly path: string;
  readonly method: string;
  readonly remoteAddress: string;
  /** The values of `:name` in the URI of the route that is looked at. */
  parameters: Record<string, string> | undefined;
}

/** A route as the matcher holds it. */
export interface Matchable<T> {
  target: T;
  /** `undefined` for any; a `*` stands for what a name begins with. */
  hosts: readonly string[] | undefined;
  methods: ReadonlySet<string> | undefined;
  addresses: BlockList | undefined;
  vars: Expression | undefined;
}

export interface Match<T> {
  target: T;
  uri: string;
  /** The host of the route that took the request; empty for a route of any. */
  host: string;
  parameters: Record<string, string> | undefined;
}

/**
 * Finds the route of a request as APISIX's `radixtree_uri_with_parameter` does, the router of apisix_conf/: by path
 * first, then by priority; host, method, address and `vars` are conditions. Among routes that nothing tells apart the
 * one that came first is taken. Routes come and go one by one, between two requests.
 */
export class Matcher<T> {
  readonly #table = new PathTable<Matchable<T>>();
  readonly #placed = new Map<string, Candidate<Matchable<T>>[]>();

  /** `hosts`: those of the route, or else of its service. A route that is there under this id is replaced. */
  set(id: string, route: GatewayObject, hosts: readonly string[] | undefined, target: T): void {
    this.remove(id);
    if (route.status === 0) return;
    const addresses = [route.remote_addr ?? route.remote_addrs ?? []].flat().map(String);
    const matchable: Matchable<T> = {
      target,
      hosts: hosts?.map((host) => host.toLowerCase()),
      methods: route.methods === undefined ? undefined : new Set(route.methods as string[]),
      addresses: addresses.length === 0 ? undefined : addressList(addresses),
      vars: route.vars === undefined ? undefined : compileExpression(route.vars),
    };
    const uris = [route.uri ?? route.uris ?? []].flat().map(String);
    const candidates = uris.map((uri) => ({ priority: Number(route.priority ?? 0), uri, target: matchable }));
    for (const candidate of candidates) this.#table.add(candidate);
    this.#placed.set(id, candidates);
  }

  remove(id: string): void {
    for (const candidate of this.#placed.get(id) ?? []) this.#table.remove(candidate);
    this.#placed.delete(id);
  }

  find(request: Matched): Match<T> | undefined {
    return this.#table.find(request.path, ({ target: matchable, uri }, parameters) => {
      const host = hostTaken(matchable.hosts, request.host);
      if (host === undefined || !accepts(matchable, request, parameters)) return undefined;
      return { target: matchable.target, host, uri, parameters };
    });
  }
}

/** The host of the route that the request's is; `undefined` when it is none of them. */
function hostTaken(hosts: readonly string[] | undefined, asked: string): string | undefined {
  if (hosts === undefined) return '';
  return hosts.find((host) => (host.startsWith('*') ? asked.endsWith(host.slice(1)) : host === asked));
}

function accepts<T>(
  { methods, addresses, vars }: Matchable<T>,
  request: Matched,
  parameters: Record<string, string> | undefined,
): boolean {
  if (methods !== undefined && !methods.has(request.method)) return false;
  if (addresses !== undefined && !containsAddress(addresses, request.remoteAddress)) return false;
  if (vars === undefined) return true;
  request.parameters = parameters;
  return vars(request);
}
