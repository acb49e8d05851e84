import type { Entry } from './queue/entry.ts';
import type { Queue } from './queue/queue.ts';

/** Someone who waits until a message is safe: the channel that has to confirm it. */
export interface Publication {
  stored(): void;
}

/**
 * Keeps what must survive the process. A queue calls it for each change of its content;
 * transient messages and queues are passed too, and it is the store's business to ignore them.
 */
export interface MessageStore {
  /** Gives true when the entry is as safe as it will ever be; otherwise `publication` is told later. */
  add(queue: Queue, entry: Entry, publication: Publication | undefined): boolean;
  remove(queue: Queue, entry: Entry): void;
  /** Everything of a queue, when it is purged or deleted. */
  clear(queue: Queue): void;
}

/** Keeps nothing: the queues themselves are the only place of their messages, gone with the process. */
export const volatileStore: MessageStore = {
  add: () => true,
  remove: () => undefined,
  clear: () => undefined,
};
