import type { Message } from '../message.ts';

/** A message in one queue. */
export interface Entry {
  readonly message: Message;
  /** Grows with each message of the queue: a message that comes back takes its old place. */
  readonly position: number;
  /** When it expires, by `Date.now()`; `Infinity` when it does not. */
  readonly expiresAt: number;
  /** True once it has been delivered and has come back. */
  redelivered: boolean;
  /** How often it came back; counted for quorum queues. */
  returns: number;
}

/** A message that has come just now. The smaller of its own time to live and the queue's holds. */
export function newEntry(message: Message, position: number, messageTtl: number | undefined): Entry {
  const own = message.expiration;
  const ttl = own === undefined || (messageTtl !== undefined && messageTtl < own) ? messageTtl : own;
  const expiresAt = ttl === undefined ? Number.POSITIVE_INFINITY : Date.now() + ttl;
  return { message, position, expiresAt, redelivered: false, returns: 0 };
}
