/** What the broker is started with. */
export interface BrokerConfiguration {
  /** The address to listen on; a loopback address. */
  host: string;
  /** The AMQP port; 0 takes a free one. */
  port: number;
  /** The port of the management HTTP API; 0 takes a free one. */
  managementPort: number;
  /** The port of the Prometheus metrics; 0 takes a free one. Without it there are none. */
  metricsPort?: number | undefined;
  /** The account that is always there: an administrator, who may do everything in the vhost. */
  user: string;
  password: string;
  /** The virtual host that is always there. */
  vhost: string;
  /** Where durable definitions and persistent messages are kept. Without it everything lives in memory. */
  dataFolder?: string | undefined;
  /** Whether this start may go on without what is damaged in the data folder; the program's option `--accept-loss` too. */
  acceptLoss?: boolean | undefined;
  /** Above so much resident memory publishers have to wait. Left out: 0.4 of what the machine has, as RabbitMQ. */
  memoryLimitBytes?: number | undefined;
  /** So many bytes more than twice the living may the journal hold before it is written anew. */
  journalSlackBytes?: number;
}
