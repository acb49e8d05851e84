import swagger from '@fastify/swagger';
import type { HealthAggregator } from '@stack/runtime/health-aggregator';
import { unforeseen } from '@stack/runtime/http-errors';
import type { Registry } from '@stack/runtime/registry';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './errors.ts';
import { registerServices } from './routes/services.ts';
import { registerTracing } from './routes/tracing.ts';
import type { SpanStore } from './span-store.ts';

export interface ApiOptions {
  version: string;
  registry: Registry;
  aggregator: HealthAggregator;
  store: SpanStore;
}

/** The routes of the API with their OpenAPI document, and one shape for everything that goes wrong. */
export async function registerApi(http: FastifyInstance, options: ApiOptions): Promise<void> {
  const { version, registry, aggregator, store } = options;
  await http.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: {
        title: 'Platform API',
        description: 'What runs in the stack, how well, and what happened.',
        version,
      },
      components: { securitySchemes: { apikey: { type: 'apiKey', in: 'header', name: 'apikey' } } },
      security: [{ apikey: [] }],
    },
  });
  http.setErrorHandler((thrown, request, reply) => {
    const { status, code, message } = errorOf(thrown);
    return reply
      .code(status)
      .send({ error: { code, message: status === 500 ? unforeseen(request) : message } });
  });
  http.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.split('?', 1)[0]}; see /api/openapi.json`;
    return reply.code(404).send({ error: { code: 'not_found', message } });
  });
  registerServices(http, { registry, aggregator });
  registerTracing(http, { store });
  http.get('/api/openapi.json', { schema: { hide: true } }, () => http.swagger());
}

function errorOf(thrown: unknown): { status: number; code: string; message: string } {
  if (thrown instanceof ApiError) return thrown;
  const status =
    thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number'
      ? thrown.statusCode
      : 500;
  if (status < 500 && thrown instanceof Error)
    return { status, code: 'bad_request', message: thrown.message };
  return { status: 500, code: 'internal', message: 'the service had an error' };
}
