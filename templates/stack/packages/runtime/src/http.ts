import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { closeWhenIdle } from './connections.ts';
import { correlationIdFrom, traceparentFrom } from './correlation.ts';
import type { Health } from './health.ts';
import { createRequestLog, FailuresOnly, keepErrors, logFailure } from './http-errors.ts';
import type { Log } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { CORRELATION_ID, fail, type Span, SpanKind, type Tracing } from './tracing/index.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** From the header X-Correlation-Id where it is fit for one, or else new; the answer carries it too. */
    correlationId: string;
    /** Milliseconds that the caller waits for the answer, from the header X-Timeout-Ms, where it says so. */
    budgetMs: number | undefined;
    /** Below it lies what is done for the request; quiet routes have none. */
    span: Span | undefined;
  }
  interface FastifyContextConfig {
    /** Asked by machines again and again: no log line and no span. */
    quiet?: boolean;
  }
}

const QUIET = { config: { quiet: true } };

/**
 * An HTTP server with `GET /health` and `GET /metrics`. Every answer is counted by its route;
 * those of routes that are not quiet carry a correlation id, and leave one log line and one span.
 */
export function createHttpServer(options: {
  health: Health;
  metrics: Metrics;
  log: Log;
  tracing: Tracing;
  bodyLimit?: number;
}): FastifyInstance {
  const { health, metrics, log, tracing } = options;
  const requestLog = createRequestLog(log);
  const server = fastify({
    loggerInstance: requestLog.logger,
    childLoggerFactory: () => requestLog.child(),
    // Each request has a line of its own below.
    logController: new FailuresOnly(),
    bodyLimit: options.bodyLimit ?? 1024 * 1024,
    routerOptions: { ignoreTrailingSlash: true },
    // What is not known is refused, and not taken away in silence.
    ajv: { customOptions: { removeAdditional: false } },
  }) as FastifyInstance;

  server.decorateRequest('correlationId', '');
  server.decorateRequest('budgetMs', undefined);
  server.decorateRequest('span', undefined);
  server.addHook('onRequest', (request, reply, done) => {
    request.correlationId = correlationIdFrom(request.headers['x-correlation-id']);
    requestLog.know(request);
    // Not `onResponse`, which an answer that breaks off does not have.
    reply.raw.once('close', () => end(request, reply));
    request.budgetMs = budgetFrom(request.headers['x-timeout-ms']);
    reply.header('x-correlation-id', request.correlationId);
    const route = request.routeOptions.url ?? 'unknown';
    if (request.routeOptions.config.quiet === true) return done();
    request.span = tracing.start(`${request.method} ${route}`, {
      kind: SpanKind.SERVER,
      parent: traceparentFrom(request.headers.traceparent),
      attributes: {
        'http.request.method': request.method,
        'http.route': route,
        [CORRELATION_ID]: request.correlationId,
      },
    });
    done();
  });
  keepErrors(server);
  const connections = closeWhenIdle(server.server);
  server.addHook('preClose', async () => connections.begin());
  const end = (request: FastifyRequest, reply: FastifyReply) => {
    // Not the path as it came: whoever asks for many different ones would fill the memory.
    const route = request.routeOptions.url ?? 'unknown';
    const ms = reply.elapsedTime;
    metrics.httpDuration.observe({ method: request.method, route, status: reply.statusCode }, ms / 1000);
    endSpan(request, reply);
    logFailure(log, request, reply);
    if (request.routeOptions.config.quiet === true) return;
    log.correlated(request.correlationId).info('answered a request', {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(ms * 100) / 100,
      ...(reply.raw.writableFinished ? {} : { unfinished: true }),
    });
  };

  server.get('/health', QUIET, async (_request, reply) => {
    const document = await health.report();
    reply.code(document.status === 'unhealthy' ? 503 : 200).header('cache-control', 'no-store');
    return document;
  });

  server.get('/metrics', QUIET, async (request, reply) => {
    if (request.headers.accept === 'application/json') return metrics.registry.getMetricsAsJSON();
    reply.header('content-type', metrics.registry.contentType);
    return metrics.registry.metrics();
  });

  return server;
}

function endSpan({ span, failure }: FastifyRequest, reply: FastifyReply): void {
  if (span === undefined) return;
  span.setAttribute('http.response.status_code', reply.statusCode);
  if (!reply.raw.writableFinished) fail(span, new Error('the client went away'));
  else if (reply.statusCode >= 500) fail(span, failure ?? new Error(`answered ${reply.statusCode}`));
  span.end();
}

const LONGEST_BUDGET_MS = 3_600_000;

/** What came from outside if it is a number of milliseconds. */
function budgetFrom(header: unknown): number | undefined {
  if (typeof header !== 'string' || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Number(header), LONGEST_BUDGET_MS);
}
