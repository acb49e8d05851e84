import { describe, expect, it } from 'vitest';
import { parseUri } from '../../src/matching/uri.ts';

/** What a path binds; `undefined` when the URI does not take it. */
function bound(text: string, path: string): Record<string, string> | undefined {
  const uri = parseUri(text);
  if (uri.exact ? path !== uri.key : !path.startsWith(uri.key)) return undefined;
  const parameters = uri.bind(path);
  return parameters && Object.fromEntries(parameters);
}

describe('the uri of a route', () => {
  it.each([
    ['/a', '/a', {}],
    ['/a', '/a/', undefined],
    ['/a*', '/a', {}],
    ['/a*', '/ab/c', {}],
    ['/a/*', '/a/', {}],
    ['/a/*', '/a', undefined],
    ['*', '/x', { ':ext': '/x' }],
    ['/u/:id', '/u/7', { id: '7' }],
    ['/u/:id', '/u/', undefined],
    ['/u/:id', '/u/7/', undefined],
    ['/u/:id/', '/u/7/', { id: '7' }],
    ['/u/:id/p/:page', '/u/7/p/2', { id: '7', page: '2' }],
    ['/u/:id/*rest', '/u/7/a/b', { id: '7', rest: 'a/b' }],
    ['/u/:id/*', '/u/7/', { id: '7', ':ext': '' }],
    ['/infix/*/cities', '/infix/de/cities', { ':ext': 'de' }],
    ['/infix/*/cities', '/infix/de/by/cities', { ':ext': 'de/by' }],
    ['/infix/*/cities', '/infix/cities', undefined],
    ['/infix/*/cities', '/infix/de/cities/x', undefined],
    ['/foo*bar', '/fool', {}],
    ['/v1/x:y', '/v1/xyz', {}],
    ['/b:c/*', '/b/x', undefined],
    ['/b:c/*', '/b:c/x', { ':ext': 'x' }],
    ['/:a/x.y', '/1/xzy', { a: '1' }],
    ['/a/*/:x', '/a/b/c', undefined],
    ['/größe/*', '/gr\u00c3\u00b6\u00c3\u009fe/x\u00ff', {}],
    ['/größe/:n', '/gr\u00c3\u00b6\u00c3\u009fe/\u00ff', { n: '\u00ff' }],
    ['/:größe', '/1', { 'gr\u00c3\u00b6\u00c3\u009fe': '1' }],
    ['/:__proto__/:toString', '/1/2', { ['__proto__']: '1', toString: '2' }],
  ])('%s makes of %s %j', (text, path, expected) => {
    expect(bound(text, path)).toEqual(expected);
  });

  it.each([
    ['a', 'it does not begin with a slash'],
    ['a/*', 'it does not begin with a slash'],
    ['/a//b', 'paths are matched without doubled slashes and dot segments'],
    ['/a/../b*', 'paths are matched without doubled slashes and dot segments'],
    ['/a/.', 'paths are matched without doubled slashes and dot segments'],
    ['/a(b/:x', 'APISIX reads it as a regular expression: missing closing parenthesis at offset 2'],
    ['/a.*', undefined],
    ['*', undefined],
    ['/a/:x', undefined],
  ])('%s takes no path: %s', (text, reason) => {
    expect(parseUri(text).never).toBe(reason);
  });

  it('reads what stands before a wildcard as a regular expression, where a name follows', () => {
    expect(bound('/a+b/*', '/a+b/x')).toBeUndefined();
    expect(bound('/a+b*', '/a+bx')).toEqual({});
  });
});
