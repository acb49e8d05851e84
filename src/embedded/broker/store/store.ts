import type { Binding } from '../exchange/binding.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Entry } from '../queue/entry.ts';
import type { Queue } from '../queue/queue.ts';

/** Someone who waits until a message is safe: the channel that has to confirm it. Told one of both, once. */
export interface Publication {
  stored(): void;
  /** It could not be written. */
  lost(): void;
}

/**
 * What became of an entry that was handed to the store: as safe as it will ever be; not yet, `publication` is told
 * later; or not taken, because it cannot be written and its publisher can be told so.
 */
export type StoreOutcome = 'stored' | 'storing' | 'refused';

/**
 * Keeps what must survive the process. Transient messages, queues and exchanges are passed too,
 * and it is the store's business to ignore them.
 */
export interface Store {
  add(queue: Queue, entry: Entry, publication: Publication | undefined): StoreOutcome;
  /** A consumer has been given the entry and will settle it. */
  delivered(queue: Queue, entry: Entry): void;
  remove(queue: Queue, entry: Entry): void;
  exchangeDeclared(exchange: Exchange): void;
  /** The exchange, and the bindings that start or end at it. */
  exchangeDeleted(exchange: Exchange): void;
  queueDeclared(queue: Queue): void;
  /** The queue, the bindings that end at it, and everything in it. */
  queueDeleted(queue: Queue): void;
  bound(binding: Binding): void;
  unbound(binding: Binding): void;
  /** Resolves when everything that was passed is written. */
  close(): Promise<void>;
}

/** Keeps nothing: the queues themselves are the only place of their messages, gone with the process. */
export const volatileStore: Store = {
  add: () => 'stored',
  delivered: () => undefined,
  remove: () => undefined,
  exchangeDeclared: () => undefined,
  exchangeDeleted: () => undefined,
  queueDeclared: () => undefined,
  queueDeleted: () => undefined,
  bound: () => undefined,
  unbound: () => undefined,
  close: async () => undefined,
};
