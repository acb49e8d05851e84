import { answerErrors } from '@stack/runtime/api-errors';
import type { FastifyInstance } from 'fastify';
import document from '../openapi.json' with { type: 'json' };

const BASE = '/api/your-service';
const { GreetingRequest, Greeting } = document.components.schemas;

/** The API that openapi.json describes: what comes in and what goes out is checked by the schemas that stand there. */
export function registerApi(http: FastifyInstance): void {
  answerErrors(http, { document: `${BASE}/openapi.json` });

  http.get(`${BASE}/openapi.json`, async () => document);

  http.post<{ Body: { name: string } }>(
    `${BASE}/greetings`,
    { schema: { body: GreetingRequest, response: { 200: Greeting } } },
    async ({ body }) => ({ message: `Hello, ${body.name}` }),
  );
}
