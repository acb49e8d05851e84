import { isDeepStrictEqual } from 'node:util';
import type { GatewayObject } from '../../../model/gateway.ts';
import type { Journal } from './journal.ts';

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

/** Turns the secrets in a value into what may be written down, and back. */
export interface Sealing {
  seal(collection: Collection, value: GatewayObject): GatewayObject;
  unseal(collection: Collection, value: GatewayObject): GatewayObject;
}

type Written = { put: Entry } | { delete: { collection: Collection; id: string; revision: number } };

/** How many records more than entries the journal may hold before it is rewritten. */
const JOURNAL_SLACK = 4096;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * All resources, in memory; each change is in the journal before it is acknowledged.
 * Listeners see a change at once and in order, so that the next request is already routed by it; when the journal
 * refuses a change it is taken back and the caller gets the error.
 */
export class Store {
  readonly #entries = new Map<Collection, Map<string, Entry>>(COLLECTIONS.map((name) => [name, new Map()]));
  readonly #listeners: ((change: Change) => void)[] = [];
  readonly #timers = new Map<Entry, NodeJS.Timeout>();
  readonly #journal: Journal;
  readonly #sealing: Sealing;
  #revision = 0;
  #records = 0;
  #rewriting = false;

  private constructor(journal: Journal, sealing: Sealing) {
    this.#journal = journal;
    this.#sealing = sealing;
  }

  static async open(journal: Journal, sealing: Sealing): Promise<Store> {
    const store = new Store(journal, sealing);
    for (const line of await journal.load()) {
      const record = JSON.parse(line) as Written;
      store.#records++;
      if ('put' in record) {
        const entry = { ...record.put, value: sealing.unseal(record.put.collection, record.put.value) };
        store.#revision = Math.max(store.#revision, entry.modifiedIndex);
        store.#set(entry.collection, entry.id, entry);
      } else {
        store.#revision = Math.max(store.#revision, record.delete.revision);
        store.#set(record.delete.collection, record.delete.id, undefined);
      }
    }
    return store;
  }

  get revision(): number {
    return this.#revision;
  }

  get(collection: Collection, id: string): Entry | undefined {
    return this.#collection(collection).get(id);
  }

  /** In the order of the keys, as etcd lists them. */
  list(collection: Collection): Entry[] {
    return [...this.#collection(collection).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  values(collection: Collection): IterableIterator<Entry> {
    return this.#collection(collection).values();
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  async put(
    collection: Collection,
    id: string,
    value: GatewayObject,
    ttlSeconds?: number,
  ): Promise<{ entry: Entry; created: boolean }> {
    const before = this.get(collection, id);
    const revision = ++this.#revision;
    const entry: Entry = {
      collection,
      id,
      value: before === undefined ? value : keepEqualPlugins(before.value, value),
      createdIndex: before?.createdIndex ?? revision,
      modifiedIndex: revision,
      ...(ttlSeconds === undefined ? {} : { expiresAt: Date.now() + ttlSeconds * 1000 }),
    };
    this.#set(collection, id, entry);
    const sealed = { ...entry, value: this.#sealing.seal(collection, entry.value) };
    await this.#write({ put: sealed }, { collection, id, before, after: entry });
    return { entry, created: before === undefined };
  }

  /** False when there is nothing of that id. */
  async delete(collection: Collection, id: string): Promise<boolean> {
    const before = this.get(collection, id);
    if (before === undefined) return false;
    const revision = ++this.#revision;
    this.#set(collection, id, undefined);
    await this.#write({ delete: { collection, id, revision } }, { collection, id, before, after: undefined });
    return true;
  }

  /** The next id that POST gives out: the revision that the change will have, as etcd's push does. */
  nextId(): string {
    return String(this.#revision + 1).padStart(20, '0');
  }

  async close(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#journal.close();
  }

  #collection(collection: Collection): Map<string, Entry> {
    const entries = this.#entries.get(collection);
    if (entries === undefined) throw new Error(`no collection ${collection}`);
    return entries;
  }

  #set(collection: Collection, id: string, after: Entry | undefined): void {
    const entries = this.#collection(collection);
    const before = entries.get(id);
    if (after === undefined) entries.delete(id);
    else entries.set(id, after);
    if (before !== undefined) this.#disarm(before);
    if (after?.expiresAt !== undefined) this.#arm(after, after.expiresAt);
    for (const listener of this.#listeners) listener({ collection, id, before, after });
  }

  async #write(record: Written, change: Change): Promise<void> {
    try {
      await this.#journal.append(JSON.stringify(record));
    } catch (error) {
      // Only what is still as we left it: a later change that did reach the journal stands.
      if (this.get(change.collection, change.id) === change.after) {
        this.#set(change.collection, change.id, change.before);
      }
      throw error;
    }
    this.#records++;
    await this.#compact();
  }

  async #compact(): Promise<void> {
    let live = 0;
    for (const entries of this.#entries.values()) live += entries.size;
    if (this.#rewriting || this.#records < live * 2 + JOURNAL_SLACK) return;
    this.#rewriting = true;
    try {
      const records = COLLECTIONS.flatMap((name) =>
        this.list(name).map((entry) =>
          JSON.stringify({ put: { ...entry, value: this.#sealing.seal(name, entry.value) } }),
        ),
      );
      this.#records = records.length;
      await this.#journal.rewrite(records);
    } finally {
      this.#rewriting = false;
    }
  }

  #arm(entry: Entry, expiresAt: number): void {
    const left = Math.min(Math.max(expiresAt - Date.now(), 0), MAX_TIMEOUT_MS);
    const timer = setTimeout(() => {
      if (expiresAt > Date.now()) this.#arm(entry, expiresAt);
      else this.delete(entry.collection, entry.id).catch(() => this.#arm(entry, Date.now() + 1000));
    }, left);
    timer.unref();
    this.#timers.set(entry, timer);
  }

  #disarm(entry: Entry): void {
    clearTimeout(this.#timers.get(entry));
    this.#timers.delete(entry);
  }
}

/**
 * Keeps the objects of plugin configurations that did not change. What a plugin has built for a configuration
 * (the counters of limit-count) hangs on the object, and so outlives changes elsewhere in the resource.
 */
function keepEqualPlugins(before: GatewayObject, after: GatewayObject): GatewayObject {
  const old = before.plugins as Record<string, unknown> | undefined;
  const plugins = after.plugins as Record<string, unknown> | undefined;
  if (old === undefined || plugins === undefined) return after;
  const kept = Object.entries(plugins).map(([name, configuration]) => [
    name,
    isDeepStrictEqual(old[name], configuration) ? old[name] : configuration,
  ]);
  return { ...after, plugins: Object.fromEntries(kept) };
}
