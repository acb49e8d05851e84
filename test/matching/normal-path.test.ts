import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalisePath } from '../../src/matching/normal-path.ts';

describe('the path that is matched', () => {
  it.each([
    ['/a/b', '/a/b'],
    ['/a//b', '/a/b'],
    ['/a/./b/', '/a/b/'],
    ['/a/../b', '/b'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/a//../b', '/b'],
    ['/%61%2Fb', '/a/b'],
    ['/a/%2e%2e%2fx', '/x'],
    ['/caf%C3%A9', '/caf\u00c3\u00a9'],
    ['/caf%E9', '/caf\u00e9'],
    ['/%C4%E3', '/\u00c4\u00e3'],
    ['/\u00c3\u00a9//x', '/\u00c3\u00a9/x'],
    ['/a%3Fb%23c%25d', '/a?b#c%d'],
    ['/%252e%252e/x', '/%2e%2e/x'],
    ['/.well-known/x', '/.well-known/x'],
    ['/...', '/...'],
  ])('%s is %s', (raw, normal) => {
    expect(normalisePath(raw)).toBe(normal);
  });

  it.each([
    ['/a%00', 'a NUL'],
    ['/%', 'an escape without digits'],
    ['/%4', 'an escape with one digit'],
    ['/%zz', 'an escape without hexadecimal digits'],
    ['/..', 'the root left'],
    ['/../a', 'the root left and entered again'],
    ['/a/../..', 'the root left at the end'],
    ['/%2e%2e/x', 'the root left in escapes'],
    ['/a/..%2f..%2fb', 'the root left behind escaped slashes'],
  ])('%s is refused: %s', (raw) => {
    expect(normalisePath(raw)).toBeUndefined();
  });

  it('never holds a dot segment or a doubled slash', () => {
    const piece = fc.constantFrom('/', '.', '..', 'a', '%2e', '%2f', '%61', '//', '%', '%00', '\u00ff');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        expect(normalisePath(`/${pieces.join('')}`) ?? '').not.toMatch(/\/\/|\/\.\.?(\/|$)|\0/);
      }),
    );
  });

  it('takes a path whose bytes are all escaped for the path itself', () => {
    const byte = fc.integer({ min: 1, max: 255 }).filter((code) => code !== 0x2f && code !== 0x2e);
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1 }), (codes) => {
        const escaped = codes.map((code) => `%${code.toString(16).padStart(2, '0')}`).join('');
        expect(normalisePath(`/${escaped}`)).toBe(`/${String.fromCharCode(...codes)}`);
      }),
    );
  });
});
