import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench({ tlsPort: 0 });
const plain = pluginBench();

let routes = 0;
/** Status and Location of the answer. */
async function redirected(configuration: object, target: (uri: string) => string, method = 'GET') {
  const uri = `/r${routes++}`;
  await bench.route(`${uri}*`, { redirect: configuration });
  const answer = await bench.send(target(uri), { method });
  return [answer.status, answer.headers.location?.[0]];
}

describe('redirect, uri', () => {
  it.each([
    [{ uri: '/new', ret_code: 301 }, '', 301, '/new'],
    [{ uri: '$uri/new' }, '/a%20b', 302, (uri: string) => `${uri}/a b/new`],
    [
      { uri: 'https://$host.example/${arg_a}?b=$arg_b' },
      '?a=x&b=y',
      302,
      'https://gateway.test.example/x?b=y',
    ],
    [{ uri: '/\\$uri/$none/' }, '', 302, '/\\$uri//'],
    [
      { uri: '$request_uri|$real_request_uri' },
      '/./%41?%62',
      302,
      (uri: string) => `${uri}/A?%62|${uri}/./%41?%62`,
    ],
    [{ uri: '/größe' }, '', 302, Buffer.from('/größe').toString('latin1')],
    [{ uri: '$uri', encode_uri: true }, '/\xff%3F%25', 302, (uri: string) => `${uri}/%FF?%`],
    [{ uri: '/a b/$arg_x?c d', encode_uri: true }, '?x=%22', 302, '/a%20b/%22?c d'],
    [{ uri: '/new', append_query_string: true }, '?a=%20', 302, '/new?a=%20'],
    [{ uri: '/new?b', append_query_string: true }, '?a', 302, '/new?b&a'],
    [{ uri: '/new', append_query_string: true }, '', 302, '/new'],
    [{ uri: '/new', ret_code: 200 }, '', 200, '/new'],
  ])('%j', async (configuration, rest, status, location) => {
    const expected = typeof location === 'string' ? location : location(`/r${routes}`);
    expect(await redirected(configuration, (uri) => uri + rest)).toEqual([status, expected]);
  });

  it('cannot break the head by what a client has sent', async () => {
    const target = '?x=a%0D%0ASet-Cookie:%20b%00';
    expect(await redirected({ uri: '/$arg_x' }, (uri) => uri + target)).toEqual([
      302,
      '/a%0D%0ASet-Cookie: b%00',
    ]);
  });
});

describe('redirect, regex_uri', () => {
  it('rewrites the path; where the pattern is not found the request goes on', async () => {
    const rule = { regex_uri: ['^/r\\d+/(.*)/(.*)$', 'https://x.test/$2/${1}'] };
    expect(await redirected(rule, (uri) => `${uri}/a/b%C4`)).toEqual([302, 'https://x.test/b\xc4/a']);
    expect(await redirected(rule, (uri) => uri)).toEqual([200, undefined]);
  });

  it('is not held up by nested repetition', async () => {
    const rule = { regex_uri: ['^/r\\d+/(a+)+$', '/x'] };
    expect(await redirected(rule, (uri) => `${uri}/${'a'.repeat(3000)}!`)).toEqual([200, undefined]);
  });
});

describe('redirect, http_to_https', () => {
  beforeAll(async () => {
    await plain.route('/plain', { redirect: { http_to_https: true } });
  });

  it.each([
    ['GET', 301],
    ['HEAD', 301],
    ['POST', 308],
  ])('sends %s on with %i', async (method, status) => {
    const [answered, location] = await redirected({ http_to_https: true }, (uri) => `${uri}?a=%41`, method);
    expect(answered).toBe(status);
    expect(location).toMatch(new RegExp(`^https://gateway.test:${bench.gateway.tlsPort}/r\\d+\\?a=%41$`));
  });

  it('names no port where the gateway has none behind TLS', async () => {
    const answer = await plain.send('/plain', { headers: { Host: 'A.test:80' } });
    expect(answer.headers.location).toEqual(['https://a.test/plain']);
  });

  it('believes no client that says it came by TLS', async () => {
    const answer = await plain.send('/plain', { headers: { 'X-Forwarded-Proto': 'https' } });
    expect(answer.status).toBe(301);
  });

  it('does nothing where it is off', async () => {
    expect(await redirected({ http_to_https: false }, (uri) => uri)).toEqual([200, undefined]);
  });
});

describe('redirect refuses', () => {
  it.each([
    [{}, 'value should match only one schema, but matches none'],
    [
      { uri: '/b', http_to_https: true },
      'value should match only one schema, but matches both schemas 1 and 3',
    ],
    [{ uri: '/' }, 'property "uri" validation failed: string too short, expected at least 2, got 1'],
    [
      { http_to_https: true, append_query_string: true },
      'only one of `http_to_https` and `append_query_string` can be configured.',
    ],
    [
      { regex_uri: ['^/a', '$x'] },
      'invalid regex_uri (^/a, $x), err:invalid capturing variable name found in the replacement',
    ],
    [{ regex_uri: ['^/a'] }, 'property "regex_uri" validation failed: expect array to have at least 2 items'],
    [{ uri: '/b', ret_code: 600 }, 'property "ret_code" validation failed: expected 600 to be at most 599'],
  ])('%j', async (configuration, message) => {
    expect(await bench.refusal({ redirect: configuration })).toBe(message);
  });
});
