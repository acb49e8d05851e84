import { messageOf } from '../../../errors.ts';
import type { GatewayObject } from '../../../model/gateway.ts';
import { type Damage, damagedError } from '../../storage/damage.ts';
import type { Journal } from './journal.ts';
import {
  type Change,
  COLLECTIONS,
  type Collection,
  type Entry,
  keepEqualPlugins,
  keyOf,
  Resources,
} from './resources.ts';

/** Turns the secrets in a value into what may be written down, and back. */
export interface Sealing {
  seal(collection: Collection, value: GatewayObject): GatewayObject;
  unseal(collection: Collection, value: GatewayObject): GatewayObject;
  /** A value that somebody puts back as it was shown: what is sealed in it becomes plain, the rest stays. */
  reopen(collection: Collection, value: GatewayObject): GatewayObject;
}

export interface OpenOptions {
  acceptLoss?: boolean;
  /** Named in errors. */
  folder?: string;
  /** Why records cannot be unsealed, where that is known. */
  cause?: Damage | undefined;
}

type Written = { put: Entry } | { delete: { collection: Collection; id: string; revision: number } };

/** How many records more than entries the journal may hold before it is rewritten. */
const JOURNAL_SLACK = 4096;
/** What becomes of what was lost. */
const AFTERWARDS =
  '; routes of qbtc.yaml come back by that or by `qbtc routes sync`, what was set up by hand does not';
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * All resources; each change is in the journal before it is acknowledged. It is in force at once, so that the next
 * request is already routed by it; when the journal refuses a change it is taken back and the caller gets the error.
 */
export class Store extends Resources {
  readonly #timers = new Map<Entry, NodeJS.Timeout>();
  readonly #journal: Journal;
  readonly #sealing: Sealing;
  #revision = 0;
  #records = 0;
  #rewriting = false;

  private constructor(journal: Journal, sealing: Sealing) {
    super();
    this.#journal = journal;
    this.#sealing = sealing;
  }

  /**
   * Reads what was kept. Throws GATEWAY_STATE_UNREADABLE, with nothing changed, when something that was acknowledged
   * cannot be read; with `acceptLoss` that is kept aside, and the rest is in force.
   */
  static async open(
    journal: Journal,
    sealing: Sealing,
    { acceptLoss = false, folder = '', cause }: OpenOptions = {},
  ): Promise<Store> {
    const store = new Store(journal, sealing);
    const { records, damages } = await journal.load();
    const before = damages.length;
    for (const { json, file, offset } of records) {
      try {
        store.#restore(JSON.parse(json) as Written);
      } catch (error) {
        damages.push({ kind: 'not-understood', file, offset, reason: messageOf(error) });
      }
    }
    store.#records = records.length;
    if (cause !== undefined && damages.length > before) damages.unshift(cause);
    if (damages.length === 0) await journal.resume();
    else if (acceptLoss) {
      journal.setAside(damages);
      await store.#rewrite();
    } else throw damagedError('GATEWAY_STATE_UNREADABLE', folder, damages, AFTERWARDS);
    return store;
  }

  #restore(record: Written): void {
    if ('put' in record) {
      const { collection, id, value } = record.put;
      if (typeof value !== 'object') throw new Error(`${keyOf(collection, id)} is no object`);
      const entry = { ...record.put, value: unsealed(this.#sealing, collection, id, value) };
      this.#revision = Math.max(this.#revision, entry.modifiedIndex);
      this.#set(collection, id, entry);
    } else {
      if (!('delete' in record))
        throw new Error(`a record of the unknown kind ${Object.keys(record).join()}`);
      this.#revision = Math.max(this.#revision, record.delete.revision);
      this.#set(record.delete.collection, record.delete.id, undefined);
    }
  }

  get revision(): number {
    return this.#revision;
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

  #set(collection: Collection, id: string, after: Entry | undefined): void {
    const before = this.replace(collection, id, after);
    if (before !== undefined) this.#disarm(before);
    if (after?.expiresAt !== undefined) this.#arm(after, after.expiresAt);
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
    if (this.#rewriting || this.#records < this.size * 2 + JOURNAL_SLACK) return;
    await this.#rewrite();
  }

  async #rewrite(): Promise<void> {
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

function unsealed(sealing: Sealing, collection: Collection, id: string, value: GatewayObject): GatewayObject {
  try {
    return sealing.unseal(collection, value);
  } catch (error) {
    const reason = `the secrets of ${keyOf(collection, id)} were sealed with another key than that in "keyring"`;
    throw new Error(`${reason}: ${messageOf(error)}`, { cause: error });
  }
}
