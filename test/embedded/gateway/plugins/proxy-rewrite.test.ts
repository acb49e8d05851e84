import { describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();

/** The target that the upstream gets. */
async function rewritten(uri: string, configuration: object, target: string): Promise<string | undefined> {
  await bench.route(uri, { 'proxy-rewrite': configuration });
  const answer = await bench.send(target);
  expect(answer.status).toBe(200);
  return bench.seen?.target;
}

describe('proxy-rewrite, uri', () => {
  it.each([
    ['/a1/*', '/new', '/a1/b?c=d', '/new?c=d'],
    ['/a2/*', '/new?q=1', '/a2/b?c=d', '/new?q=1&c=d'],
    ['/a3/*', '/new$uri', '/a3/b%20c', '/new/a3/b%20c'],
    ['/a4/*', '/new/%41', '/a4/b', '/new/%2541'],
    ['/a5/*', '/größe', '/a5/b', '/gr%C3%B6%C3%9Fe'],
  ])('%s becomes %s', async (uri, template, target, expected) => {
    expect(await rewritten(uri, { uri: template }, target)).toBe(expected);
  });

  it.each([
    // As in APISIX (t/plugin/proxy-rewrite3.t): the mark is escaped, and then the path is.
    ['/b1/*', '/new$uri', '/b1/x%3Fadmin=1', '/new/b1/x%253Fadmin=1'],
    ['/b2/*', '/new/$arg_x', '/b2/?x=%3Fadmin=1', '/new/%253Fadmin=1?x=%3Fadmin=1'],
    ['/b3/:name', '/new/$uri_param_name', '/b3/x%3Fadmin=1', '/new/x%253Fadmin=1'],
    ['/b4/*', '/new/$http_x_none/$request_uri', '/b4/x?y', '/new///b4/x%253Fy?y'],
  ])('lets no value of %s begin a query', async (uri, template, target, expected) => {
    expect(await rewritten(uri, { uri: template }, target)).toBe(expected);
  });

  it('keeps a value in a query one value', async () => {
    expect(
      await rewritten('/c1', { uri: '/new?name=$arg_name&role=user' }, '/c1?name=a%26role=admin%23%2541'),
    ).toBe('/new?name=a%26role=admin%23%2541&role=user&name=a%26role=admin%23%2541');
    expect(await rewritten('/c3/*', { uri: '/new?back=$request_uri' }, '/c3/%26?a=%26&b')).toBe(
      '/new?back=/c3/%26%3Fa=%2526%26b&a=%26&b',
    );
    expect(await rewritten('/c2', { uri: '/new?$args' }, '/c2?a=b&c=%26')).toBe('/new?a=b&c=%26&a=b&c=%26');
  });

  it('reads no value again for variables', async () => {
    expect(await rewritten('/d1', { uri: '/new/$arg_x' }, '/d1?x=$http_host')).toBe(
      '/new/$http_host?x=$http_host',
    );
  });

  it('cannot bring a line end or a space into the request line, also where it is unsafe', async () => {
    const unsafe = { uri: '/new/$arg_x', use_real_request_uri_unsafe: true };
    expect(await rewritten('/e1', unsafe, '/e1?x=a%20HTTP/1.1%0D%0AX:%20y%3Fz')).toBe(
      '/new/a%20HTTP/1.1%0D%0AX:%20y%3Fz?x=a%20HTTP/1.1%0D%0AX:%20y%3Fz',
    );
  });
});

describe('proxy-rewrite, regex_uri', () => {
  it.each([
    ['/f1/*', ['^/f1/(.*)', '/new/$1'], '/f1/a/b?c=d', '/new/a/b?c=d'],
    ['/f2/*', ['^/f2/(.*)/(.*)', '/new?x=$1&y=$2'], '/f2/a/b?c=d', '/new?x=a&y=b&c=d'],
    ['/f3/*', ['^/f3/(.*)', '/${1}1/$0/$2/$$'], '/f3/a', '/a1//f3/a//$'],
    ['/f4/*', ['^/none', '/new', '^/f4/', '/second/'], '/f4/a', '/second/a'],
    ['/f5/*', ['^/none', '/new'], '/f5/a%2e%2e/./b%20', '/f5/a../b%20'],
    // What stands for more in JavaScript is text in PCRE.
    ['/f6/*', ['x', '-$$&-'], '/f6/axb', '/f6/a-$&-b'],
  ])('%s by %j', async (uri, rules, target, expected) => {
    expect(await rewritten(uri, { regex_uri: rules }, target)).toBe(expected);
  });

  it.each([
    '/%C4%E3',
    '/caf%E9',
    '/%E4%B8%AD',
    '/%F0%9F%98%80',
    '/%FF%FE',
  ])('keeps the bytes of %s', async (bytes) => {
    expect(await rewritten('/g*', { regex_uri: ['^/g(.*)', '/new$1'] }, `/g${bytes}/x`)).toBe(
      `/new${bytes}/x`,
    );
  });

  it('finds text of the configuration in the bytes of the path', async () => {
    expect(
      await rewritten('/h/*', { regex_uri: ['^/h/größe/(.*)', '/maß/$1'] }, '/h/gr%C3%B6%C3%9Fe/%C4'),
    ).toBe('/ma%C3%9F/%C4');
  });

  it.each([
    ['/i1/*', '/new/$1', '/i1/x%3Fadmin=1', '/new/x%3Fadmin=1'],
    ['/i2/*', '/new/$1?role=user', '/i2/x%3Fadmin=1%26', '/new/x%3Fadmin=1&?role=user'],
    ['/i3/*', '/new?name=$1&role=user', '/i3/x%26role=admin%3F', '/new?name=x%26role=admin%3F&role=user'],
  ])('lets no capture of %s begin a query or an argument', async (uri, replacement, target, expected) => {
    expect(await rewritten(uri, { regex_uri: ['^/i\\d/(.*)', replacement] }, target)).toBe(expected);
  });

  it('sees the target as it was sent where that is asked for', async () => {
    const unsafe = (rules: string[]) => ({ regex_uri: rules, use_real_request_uri_unsafe: true });
    expect(await rewritten('/j1/*', unsafe(['/j1/(.+)', '/hello?unsafe=$1']), '/j1/%ED%85%8C')).toBe(
      '/hello?unsafe=%ED%85%8C',
    );
    expect(await rewritten('/j2/*', unsafe(['/none', '/x']), '/j2/%2e/a%2Fb?c')).toBe('/j2/%2e/a%2Fb?c');
  });
});

describe('proxy-rewrite without a rewrite of the path', () => {
  it('sends the path in its normal form, the client’s marks escaped', async () => {
    expect(await rewritten('/k/*', { host: 'other.test' }, '/k/a//%2e/%3Fx=%23?y=1')).toBe(
      '/k/a/%3Fx=%23?y=1',
    );
    expect(bench.got('host')).toEqual(['other.test']);
  });
});

describe('proxy-rewrite, headers', () => {
  it('adds, sets and removes; captures and variables stand for their values', async () => {
    await bench.route('/l/*', {
      'proxy-rewrite': {
        regex_uri: ['^/l/(.*)/(.*)', '/new'],
        headers: {
          add: { 'X-Add': '$1', 'X-None': '$arg_none' },
          set: { 'X-Set': 'v-${2}-$arg_q$7', 'X-Number': 7, 'X-Gone': '' },
          remove: ['X-Removed'],
        },
      },
    });
    const headers = { 'X-Add': 'own', 'X-Set': 'own', 'X-Gone': 'own', 'X-Removed': 'own' };
    await bench.send('/l/$arg_q/b?q=z', { headers });
    expect(bench.got('x-add')).toEqual(['own', '$arg_q']);
    expect(bench.got('x-set')).toEqual(['v-b-z']);
    expect(bench.got('x-number')).toEqual(['7']);
    expect([...bench.got('x-gone'), ...bench.got('x-removed'), ...bench.got('x-none')]).toEqual([]);
  });

  it('cannot break the head by what a client has sent', async () => {
    await bench.route('/m', { 'proxy-rewrite': { headers: { set: { 'X-Q': 'ü-$arg_q' } } } });
    await bench.send('/m?q=a%0D%0AX-Role:%20admin%00%E4%B8%AD%FF');
    expect(bench.got('x-q')).toEqual(['Ã¼-a%0D%0AX-Role: admin%00ä¸\xad\xff']);
    expect(bench.got('x-role')).toEqual([]);
  });

  it.each([
    [{ 'X-A\r\nX-B': 'v' }, 'invalid field character in header'],
    [{ 'X A': 'v' }, 'invalid field character in header'],
    [{ 'X-A': 'v\r\nX-B: w' }, 'invalid value character in header'],
    [{ set: { 'X-A': 'v\n' } }, 'invalid value character in header'],
    [{ add: { 'X-A\r': 'v' } }, 'invalid field character in header'],
    [{ remove: ['X-A\r\n'] }, 'invalid field character in header'],
    [{ set: { '': 'v' } }, 'invalid field length in header'],
    [{ set: { 'X:A': {} } }, 'invalid type as header value'],
  ])('refuses %j', async (headers, message) => {
    expect(await bench.refusal({ 'proxy-rewrite': { headers } })).toBe(message);
  });
});

describe('proxy-rewrite, what it refuses', () => {
  it.each([
    [['^/a', '/b', '^/c'], 'The length of regex_uri should be an even number'],
    [
      ['^/a/(.*)', '/$`1'],
      'invalid regex_uri(^/a/(.*), /$`1): invalid capturing variable name found in the replacement',
    ],
    [
      ['^/a/(.*)', '/$name'],
      'invalid regex_uri(^/a/(.*), /$name): invalid capturing variable name found in the replacement',
    ],
  ])('%j', async (rules, message) => {
    expect(await bench.refusal({ 'proxy-rewrite': { regex_uri: rules } })).toBe(message);
  });

  it('a pattern that is none', async () => {
    expect(await bench.refusal({ 'proxy-rewrite': { regex_uri: ['[^/a', '/$1'] } })).toMatch(
      /^invalid regex_uri\(\[\^\/a, \/\$1\): ./,
    );
  });
});
