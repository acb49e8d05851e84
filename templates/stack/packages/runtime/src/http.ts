import fastify, { type FastifyInstance } from 'fastify';
import { closeWhenIdle } from './connections.ts';
import { correlationIdFrom } from './correlation.ts';
import type { Health } from './health.ts';
import type { Log } from './logging.ts';
import type { Metrics } from './metrics.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** From the header X-Correlation-Id where it is fit for one, or else new; the answer carries it too. */
    correlationId: string;
  }
}

const OWN_ROUTES = new Set(['/health', '/metrics']);

/**
 * An HTTP server with `GET /health` and `GET /metrics`. Every answer is counted by its route;
 * those of the service's own routes carry a correlation id and leave one log line.
 */
export function createHttpServer(options: {
  health: Health;
  metrics: Metrics;
  log: Log;
  bodyLimit?: number;
}): FastifyInstance {
  const { health, metrics, log } = options;
  const server = fastify({
    logger: false,
    bodyLimit: options.bodyLimit ?? 1024 * 1024,
    routerOptions: { ignoreTrailingSlash: true },
  });

  server.decorateRequest('correlationId', '');
  server.addHook('onRequest', async (request, reply) => {
    request.correlationId = correlationIdFrom(request.headers['x-correlation-id']);
    reply.header('x-correlation-id', request.correlationId);
  });
  const connections = closeWhenIdle(server.server);
  server.addHook('preClose', async () => connections.begin());
  server.addHook('onResponse', async (request, reply) => {
    // Not the path as it came: whoever asks for many different ones would fill the memory.
    const route = request.routeOptions.url ?? 'unknown';
    const ms = reply.elapsedTime;
    metrics.httpDuration.observe({ method: request.method, route, status: reply.statusCode }, ms / 1000);
    if (OWN_ROUTES.has(route)) return;
    log.correlated(request.correlationId).info('answered a request', {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(ms * 100) / 100,
      ...(reply.raw.writableFinished ? {} : { unfinished: true }),
    });
  });

  server.get('/health', async (_request, reply) => {
    const document = await health.report();
    reply.code(document.status === 'unhealthy' ? 503 : 200).header('cache-control', 'no-store');
    return document;
  });

  server.get('/metrics', async (_request, reply) => {
    reply.header('content-type', metrics.registry.contentType);
    return metrics.registry.metrics();
  });

  return server;
}
