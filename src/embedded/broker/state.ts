import type { Connection } from './connection/connection.ts';
import type { Counters } from './counters.ts';
import type { MemoryAlarm } from './memory-alarm.ts';
import type { VirtualHosts } from './virtual-host/virtual-hosts.ts';

/** What the management API and the metrics read of the broker. */
export interface BrokerState {
  readonly nodeName: string;
  /** The address that it listens on. */
  readonly host: string;
  readonly startedAt: number;
  readonly vhosts: VirtualHosts;
  readonly connections: ReadonlySet<Connection>;
  readonly counters: Counters;
  readonly memory: MemoryAlarm;
  readonly ports: { amqp: number; management: number; metrics: number | undefined };
}
