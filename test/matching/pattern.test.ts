import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/matching/pattern.ts';

const captures = (source: string, text: string, flags = '') => compilePattern(source, flags).exec(text);

describe('a regular expression of the configuration', () => {
  it.each([
    // source, text, match and groups
    ['^/api/(v\\d+)/(.*)$', '/api/v1/a/b', ['/api/v1/a/b', 'v1', 'a/b']],
    ['(a|ab)(c|bcd)(d*)', 'abcd', ['abcd', 'a', 'bcd', '']],
    ['(?i)ADMIN', '/admin', ['admin']],
    ['a(?i)b|c', 'C', ['C']],
    ['(?i:a)b', 'Ab', ['Ab']],
    ['(?:(?i)a)b', 'AB', undefined],
    ['(?P<first>a)(?<second>b)', 'ab', ['ab', 'a', 'b']],
    ["(?'name'x)", 'x', ['x', 'x']],
    ['\\Aa\\z', 'a', ['a']],
    ['\\Aa\\z', 'a\n', undefined],
    ['a\\Z', 'a\n', ['a']],
    ['^a$', 'a\n', ['a']],
    ['^a$', 'a\n\n', undefined],
    ['(?m)^b$', 'a\nb\nc', ['b']],
    ['a.c', 'a\rc', ['a\rc']],
    ['a.c', 'a\nc', undefined],
    ['(?s)a.c', 'a\nc', ['a\nc']],
    ['(?x) a b # comment\n c', 'abc', ['abc']],
    ['a(?#comment)+b', 'aab', ['aab']],
    ['\\Qa.b\\E+', 'a.bb', ['a.bb']],
    ['[]a]+', 'a]', ['a]']],
    ['[^]a]', 'b', ['b']],
    ['[[:digit:]x-]+', '4x-', ['4x-']],
    ['[\\]\\-\\\\]+', ']-\\', [']-\\']],
    ['[a\\Q-z]\\E]+', '-z]', ['-z]']],
    ['a{2}', 'aaa', ['aa']],
    ['a{2,}?', 'aaa', ['aa']],
    ['a{,x', 'a{,x', ['a{,x']],
    ['x{y}', 'x{y}', ['x{y}']],
    ['\\x2f\\x{2F}\\057\\t', '///\t', ['///\t']],
    ['\\h\\v', '\u00a0\u0085', ['\u00a0\u0085']],
    ['\\s', '\u00a0', undefined],
    ['\\bcat\\b', 'a cat.', ['cat']],
    ['(?<=/)x(?!y)', '/xy/xz', ['x']],
    ['(?:(a)|b)*', 'ab', ['ab', 'a']],
    ['(a*)*', 'aab', ['aa', '']],
    ['(?:|a)*b', 'aab', ['aab']],
    ['()', '', ['', '']],
    ['\\/', '/', ['/']],
    ['\\-\\_\\é', '-_é', undefined],
  ] as const)('%j takes of %j: %j', (source, text, expected) => {
    expect(captures(source, text)).toEqual(expected);
  });

  it('is bytes, as the text is', () => {
    expect(captures('^/größe/(.)', '/gr\u00c3\u00b6\u00c3\u009fe/\u00ff')).toEqual([
      '/gr\u00c3\u00b6\u00c3\u009fe/\u00ff',
      '\u00ff',
    ]);
    expect(captures('(?i)é', '\u00e3\u00a9')).toBeUndefined();
  });

  it('never takes a character that is no byte', () => {
    expect(compilePattern('^[^a]$').test('\u0161')).toBe(false);
    expect(compilePattern('(?:[^a]*)*b').test('\u0161b')).toBe(true);
    expect(compilePattern('^(?:[^a]*)*b').test('\u0161b')).toBe(false);
  });

  it('takes the flags of ngx.re', () => {
    expect(captures('A.b', 'a\nB', 'jois')).toEqual(['a\nB']);
    expect(captures('b', 'ab', 'a')).toBeUndefined();
    expect(() => compilePattern('a', 'u')).toThrow('the flag "u" is not available in this gateway');
  });

  it.each([
    ['(a', 'missing closing parenthesis at offset 0'],
    ['a)', 'unmatched closing parenthesis at offset 1'],
    ['[a', 'missing terminating ] for character class at offset 0'],
    ['[b-a]', 'range out of order in character class at offset 1'],
    ['[\\w-.]', 'invalid range in character class at offset 1'],
    ['[[:nix:]]', 'unknown POSIX class name at offset 1'],
    ['*a', 'quantifier does not follow a repeatable item at offset 0'],
    ['a**', 'quantifier does not follow a repeatable item at offset 2'],
    ['^*', 'quantifier does not follow a repeatable item at offset 1'],
    ['a(?#b', 'missing ) after (?# comment at offset 1'],
    ['{2}', 'quantifier does not follow a repeatable item at offset 0'],
    ['a{3,2}', 'numbers out of order in {} quantifier at offset 1'],
    ['a{65536}', 'number too big in {} quantifier at offset 1'],
    ['a{,2}', '{,n} means different things to releases of PCRE: write {0,n} at offset 1'],
    ['a\\', '\\ at end of pattern at offset 1'],
    ['\\y', 'unrecognized character follows \\ at offset 0'],
    ['\\x{100}', 'character code point value in \\x{} or \\o{} is too large at offset 0'],
    ['(?<=a*)b', 'lookbehind assertion is not fixed length at offset 0'],
    ['(?<n>a)(?<n>b)', 'two named subpatterns have the same name at offset 7'],
    ['('.repeat(251) + ')'.repeat(251), 'parentheses are too deeply nested at offset 250'],
    ['(?:a{1,100}){1,100}', 'regular expression is too large'],
    ['(?=(?:a{1,100}){1,100})', 'regular expression is too large'],
    ['(a)\\1', 'back references are not available in this gateway, at offset 3'],
    ['(?<n>a)\\k<n>', '\\k are not available in this gateway, at offset 7'],
    ['a++', 'possessive quantifiers are not available in this gateway, at offset 1'],
    ['(?>a)', 'atomic groups ((?>…)) are not available in this gateway, at offset 0'],
    ['(?R)', 'recursion, calls and named back references are not available in this gateway, at offset 0'],
    ['(?(1)a)', 'conditions ((?(…)…)) are not available in this gateway, at offset 0'],
    ['(*UTF8)a', 'verbs ((*…)) are not available in this gateway, at offset 0'],
    ['(?=(a))', 'groups that capture within lookaround are not available in this gateway, at offset 0'],
    ['\\p{L}', '\\p are not available in this gateway, at offset 0'],
    ['(?J)a', 'the flag "J" in (?J) are not available in this gateway, at offset 0'],
  ])('%j is refused: %s', (source, reason) => {
    expect(() => compilePattern(source)).toThrow(reason);
  });

  it.each([
    ['^/r/(a+)+$', `/r/${'a'.repeat(8000)}!`],
    ['(x+x+)+y', 'x'.repeat(8000)],
    ['(.*?,){12}P', '1,'.repeat(4000)],
    ['^(a|a|aa)*$', `${'a'.repeat(8000)}!`],
    ['\\s+$', `${' '.repeat(8000)}!`],
    ['(?=.*a)(?=.*b).*c', 'ab'.repeat(4000)],
  ])('%j is done in time with what holds a backtracking engine', (source, text) => {
    expect(compilePattern(source).test(text)).toBe(false);
  });

  it('replaces the first match or all of them', () => {
    const pattern = compilePattern('(a)(b)?');
    const by = (found: readonly string[]) => `<${found.join('|')}>`;
    expect(pattern.replace('xabab', by, 'first')).toBe('x<ab|a|b>ab');
    expect(pattern.replace('xabac', by, 'all')).toBe('x<ab|a|b><a|a|>c');
    expect(compilePattern('b*').replace('abc', () => '-', 'all')).toBe('-a--c-');
    expect(compilePattern('(?:(?:a*)*b)').replace('aabab', () => '-', 'all')).toBe('--');
    expect(pattern.replace('xyz', by, 'all')).toBe('xyz');
  });
});
