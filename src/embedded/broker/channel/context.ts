import type { Access } from '../access/rights.ts';
import type { Outbox } from '../connection/outbox.ts';
import type { Counters } from '../counters.ts';
import type { Message } from '../message.ts';
import type { VirtualHost } from '../virtual-host/virtual-host.ts';
import type { Channel } from './channel.ts';

/** What a channel may use of its connection. */
export interface ChannelContext {
  readonly vhost: VirtualHost;
  readonly outbox: Outbox;
  readonly username: string;
  readonly counters: Counters;
  /** Throws ACCESS_REFUSED when the account may not. */
  assertMay(access: Access, kind: 'queue' | 'exchange', name: string): void;
  /** Exclusive queues belong to it. */
  readonly owner: object;
  /** The client has declared that it understands `basic.cancel` from the server. */
  readonly notifiesCancel: boolean;
  readonly replies: ReplyRegistry;
  /** A callback of others, which must not fail into their faces: the connection ends instead. */
  guarded<Args extends unknown[]>(run: (...args: Args) => void): (...args: Args) => void;
  /** The channel has confirms to send once the input at hand is worked off. */
  confirmLater(channel: Channel): void;
  /** The channel is gone for good; its number may be used again. */
  released(channel: Channel): void;
}

/** The addresses of direct reply-to that are in use, of all connections. */
export interface ReplyRegistry {
  register(address: string, deliver: (message: Message) => void): void;
  unregister(address: string): void;
  has(address: string): boolean;
}
