/** What the broker is started with. */
export interface BrokerConfiguration {
  /** The address to listen on; a loopback address. */
  host: string;
  /** The AMQP port; 0 takes a free one. */
  port: number;
  /** The port of the management HTTP API; 0 takes a free one. */
  managementPort: number;
  /** The only account. It may do everything in the vhost. */
  user: string;
  password: string;
  /** The only virtual host. */
  vhost: string;
  /** Where durable definitions and persistent messages are kept. Without it everything lives in memory. */
  dataFolder?: string | undefined;
  /** So many bytes more than twice the living may the journal hold before it is written anew. */
  journalSlackBytes?: number;
}
