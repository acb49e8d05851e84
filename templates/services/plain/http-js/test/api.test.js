import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { greet, ROUTES } from '../src/api.js';
import { correlationIdOf, Refused, Service } from '../src/service.js';

const service = new Service();
let url = '';
before(async () => {
  for (const [request, route] of Object.entries(ROUTES)) service.routes.set(request, route);
  url = await service.listen('127.0.0.1', 0);
});
after(() => service.close());

const ask = (body, headers = {}) =>
  fetch(`${url}/api/your-service/greetings`, { method: 'POST', body, headers });

test('greets by name, under the correlation id that it is asked with', async () => {
  const answer = await ask('{"name": "Ada"}', { 'x-correlation-id': 'c-1' });
  assert.deepEqual(await answer.json(), { message: 'Hello, Ada' });
  assert.equal(answer.headers.get('x-correlation-id'), 'c-1');
});

test('refuses what is not as openapi.json says', async () => {
  const wrong = [
    null,
    [],
    'Ada',
    {},
    { name: '' },
    { name: 'x'.repeat(101) },
    { name: 1 },
    { name: 'A', age: 3 },
  ];
  for (const asked of wrong) assert.throws(() => greet(asked), Refused, JSON.stringify(asked));
  for (const body of ['{', '', '{"__proto__": {"name": "Ada"}}', Buffer.from([0xff])])
    assert.equal((await ask(body)).status, 400);
  assert.equal((await ask('x'.repeat(1024 * 1024 + 1))).status, 413);
});

test('says how it does, and counts what it is asked', async () => {
  await fetch(`${url}/nothing`);
  const health = await (await fetch(`${url}/health`)).json();
  assert.equal(health.status, 'healthy');
  assert.ok('memory' in health.checks);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /http_request_duration_seconds_count\{method="GET",route="unknown",status="404"\} 1/);
});

test('takes no other words for a correlation id', () => {
  for (const outside of [undefined, '', 'a b', 'x'.repeat(129), 'a\n', ['a']])
    assert.notEqual(correlationIdOf(outside), outside);
});
