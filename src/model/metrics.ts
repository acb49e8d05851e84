import type { Measured } from './measured.ts';

/** One metric with its samples, in the terms of Prometheus. */
export interface MetricFamily {
  name: string;
  help: string;
  type: 'gauge' | 'counter';
  samples: { labels: Record<string, string>; value: number }[];
}

export interface MachineMetrics {
  cores: number;
  /** The load averages over 1, 5 and 15 minutes; zeros on Windows, which has none. */
  load: [number, number, number];
  memoryBytes: number;
  freeMemoryBytes: number;
  /** Of the disk that holds the stack. */
  diskBytes: number;
  freeDiskBytes: number;
}

/** One instance, since it started; its own health and metrics are not counted as requests. */
export interface ServiceMetrics {
  instance: string;
  memoryBytes: number;
  cpuSeconds: number;
  requests: number;
  /** Answered with 5xx. */
  errors: number;
  /** From the buckets of its histogram, so not more exact than these; left out where nothing was asked. */
  p50Ms?: number;
  p99Ms?: number;
  eventLoopP99Ms: number;
}

export interface QueueMetrics {
  queue: string;
  ready: number;
  unacknowledged: number;
  consumers: number;
}

export interface CacheMetrics {
  keys: number;
  memoryBytes?: number;
  clients?: number;
  hits?: number;
  misses?: number;
  /** What keys and values may take; 0 for no bound. */
  maxMemoryBytes?: number;
  expired?: number;
  /** Keys that went because there was no room. */
  evicted?: number;
}

export interface DatabaseMetrics {
  sizeBytes: number;
  connections: number;
  committed: number;
  rolledBack: number;
  deadlocks: number;
}

export interface GatewayMetrics {
  /** All that it was asked, by whomever. */
  requests: number;
  /** Requests that a route took, by status. */
  routes: { route: string; status: string; count: number }[];
}

/** The numbers of one of several resources of a kind. */
export type OfResource<Value> = { resource: string } & Measured<Value>;

/** One look at the whole stack. What could not be measured says why. */
export interface MetricsSnapshot {
  stack: string;
  /** ISO 8601. */
  takenAt: string;
  machine: Measured<MachineMetrics>;
  services: Measured<ServiceMetrics[]>;
  broker: Measured<QueueMetrics[]>;
  /** Each in the order of `qbtc.yaml`; none where none is declared. */
  caches: OfResource<CacheMetrics>[];
  databases: OfResource<DatabaseMetrics>[];
  gateway: Measured<GatewayMetrics>;
}
