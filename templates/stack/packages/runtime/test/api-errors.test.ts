import { ApiError, answerErrors, from } from '@stack/runtime/api-errors';
import { createHealth } from '@stack/runtime/health';
import { createHttpServer } from '@stack/runtime/http';
import { createLog } from '@stack/runtime/logging';
import { createMetrics } from '@stack/runtime/metrics';
import { NO_TRACING } from '@stack/runtime/tracing';
import type { FastifyInstance } from 'fastify';
import { afterEach, expect, it } from 'vitest';

const servers: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

function serve() {
  const log = createLog({ service: 'a', level: 'silent', destination: { write: () => {} } });
  const health = createHealth({ service: 'a', version: '1' });
  const http = createHttpServer({ health, metrics: createMetrics('a'), log, tracing: NO_TRACING });
  servers.push(http);
  http.get('/refused', async () => {
    throw new ApiError(409, 'taken', 'somebody has it');
  });
  http.get('/away', async () => from('database', Promise.reject(new Error('connect ECONNREFUSED'))));
  http.get('/broken', async () => {
    throw new TypeError('x is not a function');
  });
  http.post('/checked', { schema: { body: { type: 'object', required: ['a'] } } }, async () => 'never');
  return http;
}

const HEADERS = { 'x-correlation-id': 'c-1' };

it('tells what goes wrong in one shape', async () => {
  const http = serve();
  answerErrors(http, { document: '/openapi.json' });
  const answer = async (method: 'GET' | 'POST', url: string) => {
    const { statusCode, body } = await http.inject({
      method,
      url,
      headers: HEADERS,
      ...(method === 'GET' ? {} : { payload: {} }),
    });
    return [statusCode, JSON.parse(body)];
  };
  expect(await answer('GET', '/refused')).toEqual([
    409,
    { error: { code: 'taken', message: 'somebody has it' } },
  ]);
  expect(await answer('GET', '/away')).toEqual([
    503,
    {
      error: {
        code: 'database_unavailable',
        message: 'the database does not answer: connect ECONNREFUSED',
      },
    },
  ]);
  expect(await answer('POST', '/checked')).toEqual([
    400,
    { error: { code: 'bad_request', message: "body must have required property 'a'" } },
  ]);
  expect(await answer('GET', '/nowhere?a=1')).toEqual([
    404,
    { error: { code: 'not_found', message: 'there is no GET /nowhere; see /openapi.json' } },
  ]);
  expect(await answer('GET', '/broken')).toEqual([
    500,
    {
      error: {
        code: 'internal',
        message: 'The service had an error. Its log says which, under the correlation id c-1.',
      },
    },
  ]);
});

it('tells of what nobody has foreseen as the service wants it', async () => {
  const http = serve();
  const unforeseen = () => new ApiError(503, 'unavailable', 'not now');
  answerErrors(http, { document: '/openapi.json', unforeseen });
  const { statusCode, body } = await http.inject({ url: '/broken', headers: HEADERS });
  expect([statusCode, JSON.parse(body)]).toEqual([
    503,
    { error: { code: 'unavailable', message: 'not now' } },
  ]);
});
