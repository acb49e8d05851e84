import type { Log } from '../../program.ts';
import type { ReplyRegistry } from '../channel/context.ts';
import type { Counters } from '../counters.ts';
import type { VirtualHosts } from '../virtual-host/virtual-hosts.ts';
import type { Connection } from './connection.ts';

/** What a connection needs of the broker. */
export interface ConnectionEnvironment {
  readonly vhosts: VirtualHosts;
  readonly counters: Counters;
  /** How many connections are open to a virtual host. */
  connectionsTo(vhost: string): number;
  isMemoryShort(): boolean;
  readonly replies: ReplyRegistry;
  readonly nodeName: string;
  readonly log: Log;
  closed(connection: Connection): void;
}
