import type { RedisMutationEvent } from 'js-redis-server/core';
import { Expiries } from './expiries.ts';
import { sizeOf } from './size.ts';
import { type Place, UseOrder } from './use-order.ts';

/** What is known of a key beside its value. */
export interface HeldKey {
  readonly key: Buffer;
  bytes: number;
  /** Milliseconds since 1970; `undefined` for one that stays. */
  expiresAt: number | undefined;
  /** Its places among all keys, and among those that expire. */
  use?: Place<HeldKey>;
  volatileUse?: Place<HeldKey> | undefined;
}

/** All keys of a database with their sizes, by when they were used and by when they expire. Told by `note` of each change. */
export class HeldKeys {
  #usedBytes = 0;
  #peakBytes = 0;
  readonly #keys = new Map<string, HeldKey>();
  readonly #all = new UseOrder<HeldKey>();
  readonly #volatile = new UseOrder<HeldKey>();
  readonly #expiries = new Expiries<HeldKey>();

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The most that it ever was. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** True when some are to expire. */
  get hasVolatile(): boolean {
    return !this.#expiries.isEmpty;
  }

  get leastRecentlyUsed(): HeldKey | undefined {
    return this.#all.oldest;
  }

  get leastRecentlyUsedVolatile(): HeldKey | undefined {
    return this.#volatile.oldest;
  }

  get soonestToExpire(): HeldKey | undefined {
    return this.#expiries.soonest;
  }

  /** At most so many of the keys that have expired, to the second; none when there is none left. */
  expired(now: number, most: number): readonly HeldKey[] {
    return this.#expiries.over(now, most);
  }

  note(event: RedisMutationEvent): void {
    switch (event.type) {
      case 'write':
        this.#write(event.key, sizeOf(event.key, event.value), event.expiresAt);
        break;
      case 'delete':
      case 'evict':
        this.forget(event.key);
        break;
      case 'expire':
        this.#expire(event.key, event.expiresAt);
        break;
      case 'persist':
        this.#expire(event.key, undefined);
        break;
      case 'flush':
        this.#clear();
        break;
    }
  }

  /** Counts as used now; false where there is no such key, or none any more. */
  touch(key: Buffer, now: number): boolean {
    const held = this.#keys.get(nameOf(key));
    if (held === undefined || (held.expiresAt !== undefined && held.expiresAt <= now)) return false;
    this.#touch(held);
    return true;
  }

  #write(key: Buffer, bytes: number, expiresAt: number | undefined): void {
    const name = nameOf(key);
    const known = this.#keys.get(name);
    this.#count(bytes - (known?.bytes ?? 0));
    if (known === undefined) {
      const held: HeldKey = { key, bytes, expiresAt: undefined };
      held.use = this.#all.add(held);
      this.#keys.set(name, held);
      this.#setExpiry(held, expiresAt);
    } else {
      known.bytes = bytes;
      this.#touch(known);
      this.#setExpiry(known, expiresAt);
    }
  }

  forget(key: Buffer): void {
    const name = nameOf(key);
    const held = this.#keys.get(name);
    if (held === undefined) return;
    this.#keys.delete(name);
    this.#takeOut(held);
    this.#count(-held.bytes);
  }

  #touch({ use, volatileUse }: HeldKey): void {
    if (use !== undefined) this.#all.touch(use);
    if (volatileUse !== undefined) this.#volatile.touch(volatileUse);
  }

  #takeOut(held: HeldKey): void {
    if (held.use !== undefined) this.#all.remove(held.use);
    this.#setExpiry(held, undefined);
  }

  #expire(key: Buffer, expiresAt: number | undefined): void {
    const held = this.#keys.get(nameOf(key));
    if (held !== undefined) this.#setExpiry(held, expiresAt);
  }

  #setExpiry(held: HeldKey, expiresAt: number | undefined): void {
    if (held.expiresAt !== undefined) this.#expiries.remove(held, held.expiresAt);
    held.expiresAt = expiresAt;
    if (expiresAt !== undefined) {
      this.#expiries.add(held, expiresAt);
      if (held.volatileUse === undefined) held.volatileUse = this.#volatile.add(held);
      else this.#volatile.touch(held.volatileUse);
    } else if (held.volatileUse !== undefined) {
      this.#volatile.remove(held.volatileUse);
      held.volatileUse = undefined;
    }
  }

  #clear(): void {
    // Each place is taken out, so that what still holds one finds nothing beside it.
    for (const held of this.#keys.values()) this.#takeOut(held);
    this.#keys.clear();
    this.#usedBytes = 0;
  }

  #count(bytes: number): void {
    this.#usedBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
  }
}

/** A byte for each byte, where hexadecimal takes two. */
function nameOf(key: Buffer): string {
  return key.toString('latin1');
}
