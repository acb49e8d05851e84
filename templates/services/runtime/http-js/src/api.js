import { answerErrors } from '@stack/runtime/api-errors';
import document from '../openapi.json' with { type: 'json' };

const BASE = '/api/your-service';
const { GreetingRequest, Greeting } = document.components.schemas;

/**
 * The API that openapi.json describes: what comes in and what goes out is checked by the schemas that stand there.
 *
 * @param {import('fastify').FastifyInstance} http
 */
export function registerApi(http) {
  answerErrors(http, { document: `${BASE}/openapi.json` });

  http.get(`${BASE}/openapi.json`, async () => document);

  http.post(
    `${BASE}/greetings`,
    { schema: { body: GreetingRequest, response: { 200: Greeting } } },
    async (request) => {
      const { name } = /** @type {{ name: string }} */ (request.body);
      return { message: `Hello, ${name}` };
    },
  );
}
