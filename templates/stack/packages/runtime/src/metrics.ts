import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** A service's metrics: Node's own, and rate, errors and duration of what it serves and consumes. */
export interface Metrics {
  registry: Registry;
  /** By `method`, `route` and `status`; its count is the rate. */
  httpDuration: Histogram<'method' | 'route' | 'status'>;
  /** By `exchange` and `outcome`. */
  published: Counter<'exchange' | 'outcome'>;
  /** By `source` and `outcome`. */
  consumed: Histogram<'source' | 'outcome'>;
}

export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    httpDuration: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time to answer an HTTP request',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    }),
    published: new Counter({
      name: 'bus_messages_published_total',
      help: 'Messages that the broker confirmed or did not',
      labelNames: ['exchange', 'outcome'],
      registers,
    }),
    consumed: new Histogram({
      name: 'bus_message_duration_seconds',
      help: 'Time to process a message',
      labelNames: ['source', 'outcome'],
      buckets: SECONDS,
      registers,
    }),
  };
}
