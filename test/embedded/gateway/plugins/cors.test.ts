import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const A = 'https://a.test';
const B = 'https://b.test';

beforeAll(async () => {
  await bench.put('/plugin_metadata/cors', { allow_origins: { one: A, several: `${B},https://c.test` } });
});

let routes = 0;
/** The fields of CORS in the answer to a request of that origin. */
async function told(configuration: object, origin?: string, headers: Record<string, string> = {}) {
  const uri = `/cors-${routes++}`;
  await bench.route(uri, { cors: configuration });
  const answer = await bench.send(uri, {
    headers: { ...(origin === undefined ? {} : { Origin: origin }), ...headers },
  });
  const fields = Object.entries(answer.headers).filter(([name]) =>
    /^(access-control-|timing-|vary)/.test(name),
  );
  return Object.fromEntries(
    fields.map(([name, values]) => [name.replace('access-control-', ''), values.join()]),
  );
}
const origin = async (...args: Parameters<typeof told>) => (await told(...args))['allow-origin'];

describe('cors, origins', () => {
  it.each([
    [{}, undefined, '*'],
    [{}, A, '*'],
    [{ allow_origins: '**' }, A, A],
    [{ allow_origins: '**' }, undefined, '*'],
    [{ allow_origins: A }, A, A],
    [{ allow_origins: A }, B, undefined],
    [{ allow_origins: `${A},${B}` }, B, B],
    [{ allow_origins: `${A},${B}` }, `${A},${B}`, undefined],
    [{ allow_origins: `${A},${B}` }, undefined, undefined],
    [{ allow_origins_by_regex: ['.*\\.test$', '^x'] }, A, A],
    [{ allow_origins_by_regex: ['.*\\.test$'] }, 'https://evil.example', undefined],
    [{ allow_origins_by_regex: ['.*'] }, undefined, undefined],
    [{ allow_origins_by_metadata: ['one'] }, A, A],
    [{ allow_origins_by_metadata: ['one'] }, B, undefined],
    [{ allow_origins_by_metadata: ['none', 'several'] }, B, B],
    [{ allow_origins_by_metadata: ['__proto__', 'constructor'] }, A, undefined],
    [
      { allow_origins: 'https://d.test', allow_origins_by_metadata: ['one'] },
      'https://d.test',
      'https://d.test',
    ],
    [{ allow_origins: 'https://d.test', allow_origins_by_metadata: ['one'] }, A, A],
    [
      { allow_origins_by_regex: ['^https://d'], allow_origins_by_metadata: ['one'], allow_origins: 'null' },
      'https://d.test',
      'https://d.test',
    ],
  ])('%j tells %s %s', async (configuration, from, expected) => {
    expect(await origin(configuration, from)).toBe(expected);
  });

  it('tells caches where the answer depends on the origin', async () => {
    expect((await told({}, A)).vary).toBeUndefined();
    expect((await told({ allow_origins: A }, B)).vary).toBe('Origin');
  });
});

describe('cors, timing', () => {
  it.each([
    [{ timing_allow_origins: '*' }, A, '*'],
    [{ timing_allow_origins: A }, A, A],
    [{ timing_allow_origins: A }, B, undefined],
    [{ timing_allow_origins: `${A},${B}` }, B, B],
    [{ timing_allow_origins_by_regex: ['^https://a\\.'] }, A, A],
    [{ timing_allow_origins_by_regex: ['^https://a\\.'], timing_allow_origins: B }, B, undefined],
    [{}, A, undefined],
  ])('%j tells %s %s', async (configuration, from, expected) => {
    expect((await told(configuration, from))['timing-allow-origin']).toBe(expected);
  });
});

describe('cors', () => {
  it('tells methods, headers, age and credentials', async () => {
    const configuration = {
      allow_origins: '**',
      allow_methods: '**',
      allow_headers: '**',
      expose_headers: 'X-E',
      max_age: 10,
      allow_credential: true,
    };
    expect(await told(configuration, A, { 'Access-Control-Request-Headers': 'x-a, \xe4' })).toEqual({
      'allow-origin': A,
      'allow-methods': 'GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS,CONNECT,TRACE',
      'allow-headers': 'x-a, \xe4',
      'expose-headers': 'X-E',
      'max-age': '10',
      'allow-credentials': 'true',
      vary: 'Origin',
    });
    expect((await told(configuration, A))['allow-headers']).toBeUndefined();
  });

  it('answers OPTIONS itself', async () => {
    await bench.route('/preflight', { cors: {} });
    const answer = await bench.send('/preflight', { method: 'OPTIONS', headers: { Origin: A } });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, ['*']]);
    expect(bench.seen).toBeUndefined();
  });

  it.each([
    [{ allow_credential: true }, "you can not set '*' for other option when 'allow_credential' is true"],
    [
      {
        ...{ allow_credential: true, allow_origins: A, allow_methods: 'GET', allow_headers: 'X' },
        timing_allow_origins: '*',
      },
      "you can not set '*' for other option when 'allow_credential' is true",
    ],
    [{ expose_headers: 'X\r\nX-B: c' }, 'invalid value character in header'],
    [{ allow_origins: 'a.test' }, /^property "allow_origins" validation failed: failed to match pattern/],
    [{ allow_origins_by_regex: ['('] }, /./],
    [{ timing_allow_origins_by_regex: ['['] }, /./],
  ])('refuses %j', async (configuration, message) => {
    const refusal = await bench.refusal({ cors: configuration });
    if (typeof message === 'string') expect(refusal).toBe(message);
    else expect(refusal).toMatch(message);
  });

  it('refuses metadata with what is no origin', async () => {
    const answer = await bench.gateway.admin('PUT', '/plugin_metadata/cors', {
      allow_origins: { x: 'a.test' },
    });
    expect(answer.status).toBe(400);
  });
});
