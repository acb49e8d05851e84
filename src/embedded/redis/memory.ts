import type { RedisServerState } from 'js-redis-server/core';
import type { EvictionPolicy } from '../../model/cache.ts';
import type { Log } from '../program.ts';
import { VICTIMS } from './eviction-policies.ts';
import { HeldKeys } from './held-keys.ts';
import { keepOwnBuffers, ownMembers } from './own-buffers.ts';

export interface MemoryLimit {
  /** What the keys with their values may take; 0 for no bound. */
  maxBytes: number;
  policy: EvictionPolicy;
}

/** What the server counts, as `INFO stats` names it. */
export interface Counts {
  expired: number;
  evicted: number;
  hits: number;
  misses: number;
}

const EXPIRY_MS = 1000;
/** How many keys expire in one go: clients are served in between. */
const EXPIRED_AT_ONCE = 500;

/** The memory of a server with one database: what is held, how much it may be, what goes when it is more, what has expired. */
export class Memory {
  readonly limit: MemoryLimit;
  readonly keys = new HeldKeys();
  readonly counts: Counts = { expired: 0, evicted: 0, hits: 0, misses: 0 };
  readonly #server: RedisServerState;
  readonly #log: Log;
  #isFull = false;
  #expiry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(server: RedisServerState, limit: MemoryLimit, log: Log) {
    this.#server = server;
    this.limit = limit;
    this.#log = log;
    keepOwnBuffers(this.#database);
    const { mutations } = this.#database;
    const emit = mutations.emit.bind(mutations);
    // Whoever subscribes gets a copy of the value for each change; here it is only measured.
    mutations.emit = (event) => {
      if (event.type === 'write') ownMembers(event.value);
      this.keys.note(event);
      // The library's name for a key that has expired.
      if (event.type === 'evict') this.counts.expired += 1;
      emit(event);
      if (this.keys.hasVolatile) this.#awaitExpiry();
    };
  }

  get #database() {
    return this.#server.getDatabase(0);
  }

  /** Lets keys go until what is held is within its bound; false where it is not, and none may go. */
  makeRoom(): boolean {
    const { maxBytes, policy } = this.limit;
    while (maxBytes > 0 && this.keys.usedBytes > maxBytes) {
      const victim = VICTIMS[policy](this.keys);
      if (victim === undefined) {
        this.#tellFull();
        return false;
      }
      this.#evict(victim.key);
    }
    this.#isFull = false;
    return true;
  }

  /** Notes that a command asks for these keys, and whether it reads them. */
  use(keys: readonly Buffer[], { reads }: { reads: boolean }): void {
    const now = Date.now();
    for (const key of keys) {
      const found = this.keys.touch(key, now);
      if (!reads) continue;
      if (found) this.counts.hits += 1;
      else this.counts.misses += 1;
    }
  }

  resetCounts(): void {
    Object.assign(this.counts, { expired: 0, evicted: 0, hits: 0, misses: 0 });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#expiry);
  }

  #evict(key: Buffer): void {
    const database = this.#database;
    // It may have expired, and is gone by now.
    if (database.getType(key) === null) {
      this.keys.forget(key);
      return;
    }
    // It is told as what it is, not as a DEL.
    const flags = this.#server.notifyKeyspaceEvents;
    this.#server.notifyKeyspaceEvents = '';
    database.delete(key);
    this.#server.notifyKeyspaceEvents = flags;
    this.counts.evicted += 1;
    if (!/[eA]/.test(flags)) return;
    const broker = this.#server.pubsubBroker;
    const space = Buffer.concat([Buffer.from(`__keyspace@${database.id}__:`), key]);
    if (flags.includes('K')) broker.publish(space, Buffer.from('evicted'));
    if (flags.includes('E')) broker.publish(Buffer.from(`__keyevent@${database.id}__:evicted`), key);
  }

  #tellFull(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#log('warn', 'the memory is used up and no key may go: writes are refused', {
      usedBytes: this.keys.usedBytes,
      ...this.limit,
    });
  }

  /** Runs only while there is something to expire. What is asked for expires at once, whatever this does. */
  #awaitExpiry(): void {
    if (this.#isClosed) return;
    this.#expiry ??= setTimeout(() => void this.#expire(), EXPIRY_MS).unref();
  }

  async #expire(): Promise<void> {
    let isMore = true;
    while (isMore && !this.#isClosed) {
      const keys = this.keys.expired(Date.now(), EXPIRED_AT_ONCE);
      const turn = await this.#database.turnQueue.waitTurn();
      try {
        // Whoever looks at a key that has expired takes it out. One that the library lost without a word would be found
        // again for ever.
        for (const { key } of keys) if (this.#database.getType(key) === null) this.keys.forget(key);
      } finally {
        turn.release();
      }
      isMore = keys.length > 0;
    }
    this.#expiry = undefined;
    if (this.keys.hasVolatile) this.#awaitExpiry();
  }
}
