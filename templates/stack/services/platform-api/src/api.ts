import swagger from '@fastify/swagger';
import { answerErrors } from '@stack/runtime/api-errors';
import type { HealthAggregator } from '@stack/runtime/health-aggregator';
import type { Registry } from '@stack/runtime/registry';
import type { FastifyInstance } from 'fastify';
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
  answerErrors(http, { document: '/api/openapi.json' });
  registerServices(http, { registry, aggregator });
  registerTracing(http, { store });
  http.get('/api/openapi.json', { schema: { hide: true } }, () => http.swagger());
}
