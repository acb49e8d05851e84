import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestTarget } from '../../src/matching/request-target.ts';

const target = (path: string, query: string, forwarded: string, authority?: string) => ({
  path,
  query,
  forwarded,
  authority,
});

describe('a request target', () => {
  it.each([
    ['/', target('/', '', '/')],
    ['/a/../b?x=1&y=%00', target('/b', 'x=1&y=%00', '/a/../b?x=1&y=%00')],
    ['/a?b?c', target('/a', 'b?c', '/a?b?c')],
    ['/a?', target('/a', '', '/a?')],
    ['/a%3Fb', target('/a?b', '', '/a%3Fb')],
    ['/caf\u00e9?\u00ff', target('/caf\u00e9', '\u00ff', '/caf\u00e9?\u00ff')],
  ])('%s is path, query and what is forwarded', (raw, expected) => {
    expect(requestTarget(raw)).toEqual(expected);
  });

  it.each([
    ['/admin/x#/../../open', target('/admin/x', '', '/admin/x')],
    ['/admin#?x=1', target('/admin', '', '/admin')],
    ['/a?x=1#y&z=2', target('/a', 'x=1', '/a?x=1')],
    ['/#', target('/', '', '/')],
  ])('%s loses its fragment before it is matched or forwarded', (raw, expected) => {
    expect(requestTarget(raw)).toEqual(expected);
  });

  it.each([
    ['http://Admin.example:80/x?y', target('/x', 'y', '/x?y', 'Admin.example:80')],
    ['HTTPS://a.example', target('/', '', '/', 'a.example')],
    ['http://a.example?q=1', target('/', 'q=1', '/?q=1', 'a.example')],
    ['http://[::1]:9080//x', target('/x', '', '//x', '[::1]:9080')],
  ])('%s is an absolute form with an authority', (raw, expected) => {
    expect(requestTarget(raw)).toEqual(expected);
  });

  it.each(['/a\0b', '/a\tb', '/a b', '/a?\x7f', '/a?\r\nX: 1', 'http://a\0/'])('%j has a control', (raw) => {
    expect(requestTarget(raw)).toEqual({ refused: 'control character or space in the target' });
  });

  it.each([
    '',
    '*',
    'a.example:443',
    'ftp://a.example/x',
    'http://a.example#/x',
    'http://user@a.example/x',
    'http://a%20b/x',
    'http:///x',
    'a/b',
    '\\x',
    '?x',
    '#',
    '%2fadmin',
  ])('%j is in no form that is served', (raw) => {
    expect(requestTarget(raw)).toEqual({ refused: 'target in no form that is served' });
  });

  it.each(['/%00', '/x/%0', '/..', 'http://a.example/%2e%2e/x'])('%s is refused for its path', (raw) => {
    expect(requestTarget(raw)).toEqual({ refused: 'path with a broken escape, a NUL or above the root' });
  });

  it('forwards what comes to the same path and query when it is read again', () => {
    const piece = fc.constantFrom(
      '/',
      '..',
      'a',
      '%2e',
      '%2f',
      '%3f',
      '%23',
      '?',
      '#',
      '%25',
      '&x=1',
      '\u00e4',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const first = requestTarget(`/${pieces.join('')}`);
        if (first.refused !== undefined) return;
        expect(requestTarget(first.forwarded)).toEqual(first);
      }),
    );
  });
});
