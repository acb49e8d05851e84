import type { FastifyInstance } from 'fastify';
import { Gauge } from 'prom-client';
import type * as z from 'zod/mini';
import { type Bus, createBus } from './bus/index.ts';
import {
  address,
  ConfigurationError,
  integer,
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

/** What every service reads from its environment. `qbtc` sets the first three. */
const COMMON = {
  SERVICE_NAME: text(),
  PORT: integer({ min: 0, max: 65535 }),
  HOST: withDefault(text(), '127.0.0.1'),
  LOG_LEVEL: withDefault(oneOf(LOG_LEVELS), 'info'),
  SHUTDOWN_TIMEOUT_MS: withDefault(integer({ min: 100, max: 600_000 }), '10000'),
  AMQP_URL: address(['amqp', 'amqps']),
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
}

export interface ServiceDefinition<Own extends Variables> {
  version: string;
  /** The service's own variables. */
  configuration: Own;
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
  keepMemorySmall();
  const output = createOutput();
  // The one place that ends the process: a library's timer or a stuck request must not keep it from ending.
  const end = (code: number) => {
    output.flush();
    process.exit(code);
  };
  try {
    const { common, own } = readConfiguration({ common: COMMON, own: definition.configuration }, process.env);
    const log = createLog({ service: common.SERVICE_NAME, level: common.LOG_LEVEL, destination: output });
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
  const health = createHealth({ service: name, version: definition.version });
  const http = createHttpServer({
    health,
    metrics,
    log,
    ...(definition.bodyLimit === undefined ? {} : { bodyLimit: definition.bodyLimit }),
  });
  const bus = await createBus({
    url: common.AMQP_URL,
    service: name,
    log,
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
  lifecycle.onEnd('bus', () => bus.close());
  await definition.assemble({ configuration, name, log, bus, http, health, metrics, lifecycle });
  lifecycle.onEnd('consumers', () => bus.drain());
  lifecycle.onEnd('http', () => http.close());
  lifecycle.onEnd('health', async () => health.close('the service is ending'));

  const url = await http.listen({ host: common.HOST, port: common.PORT });
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
