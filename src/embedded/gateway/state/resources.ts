import { isDeepStrictEqual } from 'node:util';
import type { GatewayObject } from '../../../model/gateway.ts';

/** The collections of the Admin API. A credential's id is `USERNAME/ID`. */
export const COLLECTIONS = [
  'ssls',
  'upstreams',
  'services',
  'plugin_configs',
  'consumer_groups',
  'consumers',
  'credentials',
  'global_rules',
  'plugin_metadata',
  'routes',
] as const;
export type Collection = (typeof COLLECTIONS)[number];

/** One resource as it is kept; the revisions are etcd's: one counter for all keys. */
export interface Entry {
  collection: Collection;
  id: string;
  value: GatewayObject;
  createdIndex: number;
  modifiedIndex: number;
  /** Milliseconds since the epoch (`?ttl=`). */
  expiresAt?: number;
}

/** The key as APISIX shows it. */
export function keyOf(collection: Collection, id: string): string {
  if (collection !== 'credentials') return `/apisix/${collection}/${id}`;
  const [username, credential] = id.split('/');
  return `/apisix/consumers/${username}/credentials/${credential}`;
}

export interface Change {
  collection: Collection;
  id: string;
  before: Entry | undefined;
  after: Entry | undefined;
}

/** All resources as they are now. Listeners see each change at once and in order. */
export class Resources {
  readonly #entries = new Map<Collection, Map<string, Entry>>(COLLECTIONS.map((name) => [name, new Map()]));
  readonly #listeners: ((change: Change) => void)[] = [];

  get(collection: Collection, id: string): Entry | undefined {
    return this.#of(collection).get(id);
  }

  /** In the order of the keys, as etcd lists them. */
  list(collection: Collection): Entry[] {
    return [...this.#of(collection).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  values(collection: Collection): IterableIterator<Entry> {
    return this.#of(collection).values();
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  /** Of all collections. */
  get size(): number {
    let size = 0;
    for (const entries of this.#entries.values()) size += entries.size;
    return size;
  }

  /** Puts what is to stand there from now on, or takes it away; gives what stood there. */
  protected replace(collection: Collection, id: string, after: Entry | undefined): Entry | undefined {
    const entries = this.#of(collection);
    const before = entries.get(id);
    if (after === undefined) entries.delete(id);
    else entries.set(id, after);
    for (const listener of this.#listeners) listener({ collection, id, before, after });
    return before;
  }

  #of(collection: Collection): Map<string, Entry> {
    const entries = this.#entries.get(collection);
    if (entries === undefined) throw new Error(`no collection ${collection}`);
    return entries;
  }
}

/**
 * Keeps the objects of plugin configurations that did not change. What a plugin has built for a configuration
 * (the counters of limit-count) hangs on the object, and so outlives changes elsewhere in the resource.
 */
export function keepEqualPlugins(before: GatewayObject, after: GatewayObject): GatewayObject {
  const old = before.plugins as Record<string, unknown> | undefined;
  const plugins = after.plugins as Record<string, unknown> | undefined;
  if (old === undefined || plugins === undefined) return after;
  const kept = Object.entries(plugins).map(([name, configuration]) => [
    name,
    isDeepStrictEqual(old[name], configuration) ? old[name] : configuration,
  ]);
  return { ...after, plugins: Object.fromEntries(kept) };
}
