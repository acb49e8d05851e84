import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { exchange } from './support/http.ts';
import { type Recorded, readRecording } from './support/recording.ts';
import { startUpstream, type TestUpstream } from './support/upstream.ts';

// The Admin API of a standalone APISIX 3.14.1, as recorded, request by request in its order.
const NOT_REPLAYED: { because: string; is(request: Recorded): boolean }[] = [
  { because: 'it asks for a plugin that is written in Lua', is: ({ title }) => title === 'PUT yaml' },
  { because: 'it is ready without a configuration', is: ({ url }) => url.includes(':7085/') },
];
const { requests } = readRecording('20-standalone-api.txt');

describe('a standalone APISIX 3.14.1, as recorded', () => {
  let gateway: TestGateway;
  let upstream: TestUpstream;
  beforeAll(async () => {
    upstream = await startUpstream((_, response) => response.end('hello upstream\n'));
    gateway = await startTestGateway({ adminKey: 'edd1c9f034335f136f87ad84b625c8f1', standalone: true });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  const here = (text: string) => text.replaceAll('127.0.0.1:1980', upstream.address);
  const url = (recorded: string) =>
    recorded
      .replace('127.0.0.1:9080', `127.0.0.1:${gateway.port}`)
      .replace('127.0.0.1:9180', `127.0.0.1:${gateway.adminPort}`);

  for (const recorded of requests) {
    if (NOT_REPLAYED.some(({ is }) => is(recorded))) continue;
    it(`${recorded.title}: ${recorded.method} ${recorded.url}`, async () => {
      const answer = await exchange(url(recorded.url), {
        method: recorded.method,
        headers: recorded.headers,
        ...(recorded.body === undefined ? {} : { body: here(recorded.body) }),
      });
      expect(answer.status).toBe(recorded.status);
      if (recorded.url.includes(':9080/')) return;
      expect(comparable(answer.body)).toEqual(comparable(here(recorded.answer)));
      expect(answer.headers['x-digest']).toBe(recorded.answerHeaders['x-digest']);
      if (answer.status !== 204)
        expect(answer.headers['content-type']).toBe(recorded.answerHeaders['content-type']);
    });
  }
});

/** Without the time of the last change; a list may be an empty object, as Lua writes it. */
function comparable(body: string): unknown {
  try {
    // What a parser says of broken JSON is its own.
    const told = body.replace(/(invalid request body: )Expected [^"\\]*/, '$1(not JSON)');
    return withoutTime(JSON.parse(told));
  } catch {
    if (!/^\w+_conf_version: /m.test(body)) return body.trim().replaceAll('\r\n', '\n');
    return withoutTime(parse(body));
  }
}

function withoutTime(value: Record<string, unknown>): unknown {
  const { 'X-Last-Modified': _, ...rest } = value;
  return rest;
}
