import type { FastifyInstance } from 'fastify';
import { Gauge } from 'prom-client';
import * as z from 'zod/mini';
import { type Bus, createBus } from './bus/index.ts';
import {
  address,
  ConfigurationError,
  integer,
  number,
  oneOf,
  readConfiguration,
  text,
  withDefault,
} from './configuration.ts';
import { createHealth, type Health } from './health.ts';
import { createHttpServer } from './http.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { createLog, createOutput, LOG_LEVELS, type Log } from './logging.ts';
import { keepMemorySmall } from './memory.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type Cache, openRedis } from './redis.ts';
import { advertisedHost } from './registry/address.ts';
import { createRegistry, HEARTBEAT_MS, type Registry, TTL_MS } from './registry/index.ts';
import { createTracing, type Tracing } from './tracing/index.ts';

/** What every service reads from its environment. `qbtc` sets the first four. */
const COMMON = {
  SERVICE_NAME: text(),
  STACK_NAME: withDefault(text(), 'stack'),
  PORT: integer({ min: 0, max: 65535 }),
  HOST: withDefault(text(), '127.0.0.1'),
  LOG_LEVEL: withDefault(oneOf(LOG_LEVELS), 'info'),
  SHUTDOWN_TIMEOUT_MS: withDefault(integer({ min: 100, max: 600_000 }), '10000'),
  AMQP_URL: address(['amqp', 'amqps']),
  /** With it the service is in the registry. */
  REDIS_URL: z.optional(address(['redis', 'rediss'])),
  REGISTRY_HEARTBEAT_MS: withDefault(integer({ min: 100, max: 3_600_000 }), String(HEARTBEAT_MS)),
  REGISTRY_TTL_MS: withDefault(integer({ min: 200, max: 7_200_000 }), String(TTL_MS)),
  /** Where traces are kept in the stack itself; `qbtc` sets it where the stack has such a service. */
  TRACE_STORE_URL: z.optional(address(['http', 'https'])),
  /** A collector that gets the traces, too. The name is OpenTelemetry's own. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.optional(address(['http', 'https'])),
  /** So many traces a second are recorded, and of the others this share. */
  TRACE_RESERVOIR: withDefault(integer({ min: 0, max: 10_000 }), '5'),
  TRACE_RATIO: withDefault(number({ min: 0, max: 1 }), '0.05'),
};

type Variables = z.core.$ZodShape;
type Values<Own extends Variables> = z.infer<z.ZodMiniObject<Own>>;

/** The parts that a service is made of. */
export interface ServiceParts<Configuration> {
  configuration: Configuration;
  name: string;
  log: Log;
  bus: Bus;
  http: FastifyInstance;
  health: Health;
  metrics: Metrics;
  lifecycle: Lifecycle;
  tracing: Tracing;
  /** Redis, where the service is told where it is. */
  cache: Cache | undefined;
  /** The registry, where there is Redis. The service itself is registered once it listens. */
  registry: Registry | undefined;
}

export interface ServiceDefinition<Own extends Variables> {
  version: string;
  /** The service's own variables. */
  configuration: Own;
  /** What stands in the context of every log line. */
  logFields?(configuration: Values<Own>): Record<string, unknown>;
  /** The largest body of a request, in bytes. */
  bodyLimit?: number;
  /** Adds routes, consumers and checks. It does not wait for servers: the health document says what is missing. */
  assemble(parts: ServiceParts<Values<Own>>): Promise<void>;
}

/**
 * Runs a service until SIGTERM or SIGINT, which end it in order and within SHUTDOWN_TIMEOUT_MS: no new requests,
 * those in work answered, events taken dealt with, connections closed.
 */
export async function runService<Own extends Variables>(definition: ServiceDefinition<Own>): Promise<void> {
  const output = createOutput();
  // The one place that ends the process: a library's timer or a stuck request must not keep it from ending.
  const end = (code: number) => {
    output.flush();
    process.exit(code);
  };
  try {
    const { common, own } = readConfiguration({ common: COMMON, own: definition.configuration }, process.env);
    const log = createLog({
      service: common.SERVICE_NAME,
      level: common.LOG_LEVEL,
      destination: output,
      fields: definition.logFields?.(own) ?? {},
    });
    await start(definition, { common, own, log, end });
  } catch (error) {
    const service = process.env.SERVICE_NAME || 'unnamed';
    const log = createLog({ service, level: 'info', destination: output });
    if (error instanceof ConfigurationError) log.error('could not start', { mistakes: error.mistakes });
    else log.error('could not start', { error });
    end(1);
  }
}

async function start<Own extends Variables>(
  definition: ServiceDefinition<Own>,
  frame: { common: Values<typeof COMMON>; own: Values<Own>; log: Log; end(code: number): void },
): Promise<void> {
  const { common, own: configuration, log, end } = frame;
  const name = common.SERVICE_NAME;
  const lifecycle = createLifecycle({ log, timeoutMs: common.SHUTDOWN_TIMEOUT_MS });
  endWithProcess(lifecycle, log, end);
  const metrics = createMetrics(name);
  const { version } = definition;
  const host = advertisedHost(common.HOST);
  const tracing = createTracing({
    service: name,
    version,
    instance: `${name}@${host}:${common.PORT}`,
    endpoints: [common.TRACE_STORE_URL, common.OTEL_EXPORTER_OTLP_ENDPOINT].filter(
      (each) => each !== undefined,
    ),
    reservoir: common.TRACE_RESERVOIR,
    ratio: common.TRACE_RATIO,
  });
  const cache =
    common.REDIS_URL === undefined ? undefined : openRedis({ url: common.REDIS_URL, log, tracing });
  const registry =
    cache &&
    createRegistry({
      cache,
      stack: common.STACK_NAME,
      log,
      heartbeatMs: common.REGISTRY_HEARTBEAT_MS,
      ttlMs: common.REGISTRY_TTL_MS,
    });
  const health = createHealth({ service: name, version });
  const http = createHttpServer({
    health,
    metrics,
    log,
    tracing,
    ...(definition.bodyLimit === undefined ? {} : { bodyLimit: definition.bodyLimit }),
  });
  const bus = await createBus({
    url: common.AMQP_URL,
    service: name,
    log,
    tracing,
    onPublished: (exchange, outcome) => metrics.published.inc({ exchange, outcome }),
    onOutcome: (source, outcome, seconds) => metrics.consumed.observe({ source, outcome }, seconds),
  });
  new Gauge({
    name: 'bus_requests_pending',
    help: 'Requests over the bus that await their answer',
    registers: [metrics.registry],
    collect() {
      this.set(bus.pending);
    },
  });
  health.add('broker', { probe: () => bus.check(), whenFailing: 'unhealthy' });

  // The last added ends first: the HTTP server, the consumers, what the service itself has added, the connection.
  lifecycle.onEnd('traces', () => tracing.close());
  if (cache !== undefined) lifecycle.onEnd('cache', () => cache.close());
  lifecycle.onEnd('bus', () => bus.close());
  await definition.assemble({
    configuration,
    name,
    log,
    bus,
    http,
    health,
    metrics,
    lifecycle,
    tracing,
    cache,
    registry,
  });
  lifecycle.onEnd('consumers', () => bus.drain());
  lifecycle.onEnd('http', () => http.close());
  lifecycle.onEnd('health', async () => health.close('the service is ending'));

  const url = await http.listen({ host: common.HOST, port: common.PORT });
  keepMemorySmall();
  const port = Number(new URL(url).port);
  const lease = registry?.register(
    {
      name,
      instance: `${name}@${host}:${port}`,
      version,
      host,
      port,
      protocol: 'http',
      health: '/health',
      weight: 1,
      metadata: { pid: String(process.pid) },
    },
    health,
  );
  // First of all: nobody is to call an instance that is about to end.
  if (lease !== undefined) lifecycle.onEnd('registration', () => lease.end('stopped'));
  log.info('listening', { url, ms: Math.round(performance.now()) });
}

function endWithProcess(lifecycle: Lifecycle, log: Log, end: (code: number) => void): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void lifecycle.end(signal).then((inTime) => end(inTime ? 0 : 1)));
  }
  const crash = (error: unknown) => {
    log.error('crashed', { error });
    end(1);
  };
  process.once('uncaughtException', crash);
  process.once('unhandledRejection', crash);
}
