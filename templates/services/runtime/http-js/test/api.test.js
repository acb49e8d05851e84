import fastify from 'fastify';
import { expect, test } from 'vitest';
import { registerApi } from '../src/api.js';

/** @param {object} payload */
const ask = async (payload) => {
  // As the runtime makes its servers: what is not known is refused.
  const http = fastify({ ajv: { customOptions: { removeAdditional: false } } });
  registerApi(http);
  return await http.inject({ method: 'POST', url: '/api/your-service/greetings', payload });
};

test('greets by name', async () => {
  const answer = await ask({ name: 'Ada' });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({ message: 'Hello, Ada' });
});

test.each([
  {},
  { name: '' },
  { name: 'x'.repeat(101) },
  { name: 'Ada', age: 36 },
  { name: {} },
])('refuses what is not as openapi.json says: %j', async (payload) => {
  const answer = await ask(payload);
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error.code).toBe('bad_request');
});
