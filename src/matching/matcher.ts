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
  host: string;
  methods: ReadonlySet<string> | undefined;
  addresses: BlockList | undefined;
  vars: Expression | undefined;
}

export interface Match<T> {
  target: T;
  uri: string;
  host: string;
  parameters: Record<string, string> | undefined;
}

interface Placement<T> {
  table: PathTable<Matchable<T>>;
  candidate: Candidate<Matchable<T>>;
  host: string;
}

/**
 * Finds the route of a request as APISIX's router by host and URI does: the routes of the host itself, then of the
 * longest wildcard (`*.example.com`), then those without a host; within these by path. Routes come and go one by
 * one, between two requests.
 */
export class Matcher<T> {
  readonly #anyHost = new PathTable<Matchable<T>>();
  readonly #hosts = new Map<string, PathTable<Matchable<T>>>();
  readonly #wildcards = new Map<string, PathTable<Matchable<T>>>();
  readonly #placements = new Map<string, Placement<T>[]>();
  /** The lengths of the wildcards' fixed parts, longest first. */
  #wildcardLengths: number[] = [];

  /** `hosts`: those of the route, or else of its service. A route that is there under this id is replaced. */
  set(id: string, route: GatewayObject, hosts: readonly string[] | undefined, target: T): void {
    this.remove(id);
    if (route.status === 0) return;
    const addresses = [route.remote_addr ?? route.remote_addrs ?? []].flat().map(String);
    const placements: Placement<T>[] = [];
    const conditions = {
      methods: route.methods === undefined ? undefined : new Set(route.methods as string[]),
      addresses: addresses.length === 0 ? undefined : addressList(addresses),
      vars: route.vars === undefined ? undefined : compileExpression(route.vars),
    };
    for (const host of hosts ?? ['']) {
      const table = this.#tableFor(host.toLowerCase());
      for (const uri of [route.uri ?? route.uris ?? []].flat().map(String)) {
        const candidate = {
          priority: Number(route.priority ?? 0),
          uri,
          target: { target, host, ...conditions },
        };
        table.add(candidate);
        placements.push({ table, candidate, host: host.toLowerCase() });
      }
    }
    this.#placements.set(id, placements);
  }

  remove(id: string): void {
    for (const { table, candidate, host } of this.#placements.get(id) ?? []) {
      table.remove(candidate);
      if (table.empty && host !== '') this.#drop(host);
    }
    this.#placements.delete(id);
  }

  find(request: Matched): Match<T> | undefined {
    const accept = (candidate: Candidate<Matchable<T>>, parameters: Record<string, string> | undefined) => {
      const { target: matchable, uri } = candidate;
      if (!accepts(matchable, request, parameters)) return undefined;
      return { target: matchable.target, host: matchable.host, uri, parameters };
    };
    const { host, path } = request;
    const own = this.#hosts.get(host)?.find(path, accept);
    if (own !== undefined) return own;
    for (const length of this.#wildcardLengths) {
      if (length > host.length) continue;
      const found = this.#wildcards.get(host.slice(host.length - length))?.find(path, accept);
      if (found !== undefined) return found;
    }
    return this.#anyHost.find(path, accept);
  }

  #tableFor(host: string): PathTable<Matchable<T>> {
    if (host === '') return this.#anyHost;
    const [tables, key] = host.startsWith('*') ? [this.#wildcards, host.slice(1)] : [this.#hosts, host];
    let table = tables.get(key);
    if (table === undefined) {
      table = new PathTable();
      tables.set(key, table);
      this.#measureWildcards();
    }
    return table;
  }

  #drop(host: string): void {
    if (host.startsWith('*')) this.#wildcards.delete(host.slice(1));
    else this.#hosts.delete(host);
    this.#measureWildcards();
  }

  #measureWildcards(): void {
    this.#wildcardLengths = [...new Set([...this.#wildcards.keys()].map((key) => key.length))].sort(
      (a, b) => b - a,
    );
  }
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
