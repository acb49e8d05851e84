/** `infrastructure/rabbitmq/topology.yaml`: what the broker's vhost should hold. Field names are RabbitMQ's own. */
export interface Topology {
  exchanges: Exchange[];
  queues: Queue[];
  bindings: Binding[];
}

export type ExchangeType = 'direct' | 'topic' | 'fanout' | 'headers';

export interface Exchange {
  name: string;
  type: ExchangeType;
  durable: boolean;
  auto_delete: boolean;
  internal: boolean;
  arguments: Record<string, unknown>;
}

export interface Queue {
  name: string;
  durable: boolean;
  auto_delete: boolean;
  arguments: Record<string, unknown>;
}

export interface Binding {
  source: string;
  destination: string;
  destination_type: 'queue' | 'exchange';
  routing_key: string;
  arguments: Record<string, unknown>;
}
