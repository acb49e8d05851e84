import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalisePath } from '../../src/matching/normal-path.ts';

describe('the path that is matched', () => {
  it.each([
    ['/a/b', '/a/b'],
    ['/a//b', '/a/b'],
    ['/a/./b/', '/a/b/'],
    ['/a/../b', '/b'],
    ['/../../b', '/b'],
    ['/a/..', '/'],
    ['/%61%2Fb', '/a/b'],
    ['/%2e%2e/x', '/x'],
    ['/caf%C3%A9', '/café'],
    ['/%ff', '/ÿ'],
    ['/%zz', '/%zz'],
    ['/.well-known/x', '/.well-known/x'],
  ])('%s is %s', (raw, normal) => {
    expect(normalisePath(raw)).toBe(normal);
  });

  it('never holds a dot segment or a doubled slash', () => {
    const piece = fc.constantFrom('/', '.', '..', 'a', '%2e', '%2f', '%61', '//');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(normalisePath(`/${pieces.join('')}`)).not.toMatch(/\/\/|\/\.\.?(\/|$)/);
      }),
    );
  });
});
