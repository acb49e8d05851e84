import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearEngine } from '../../../src/matching/pattern/linear.ts';
import { nativeEngine } from '../../../src/matching/pattern/native.ts';
import { parsePattern } from '../../../src/matching/pattern/parse.ts';

const QUANTIFIERS = ['*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{0,2}?', '{2,}'];
const ATOMS = ['a', 'b', 'c', '.', '[ab]', '[^a]', '^', '$', '\\b', '\\B', '\\z'];

/** A pattern without groups that capture in a loop, which JavaScript forgets, and without empty iterations. */
const { pattern } = fc.letrec<{ pattern: string; branch: string; part: string }>((tie) => ({
  pattern: fc.array(tie('branch'), { minLength: 1, maxLength: 3 }).map((each) => each.join('|')),
  branch: fc.array(tie('part'), { maxLength: 4 }).map((each) => each.join('')),
  part: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...ATOMS),
    fc
      .tuple(fc.constantFrom('a', '[ab]', '.', 'b'), fc.constantFrom(...QUANTIFIERS))
      .map((each) => each.join('')),
    tie('pattern').map((each) => `(${each})`),
    fc
      .tuple(fc.constantFrom('a', 'b'), tie('pattern'), fc.constantFrom(...QUANTIFIERS))
      .map(
        ([first, each, quantifier]) => `(?:${first}(?:${each.replaceAll(/\((?!\?)/g, '(?:')}))${quantifier}`,
      ),
    fc
      .tuple(fc.constantFrom('?=', '?!', '?<=', '?<!'), fc.constantFrom('a', 'ab|b', '.c'))
      .map(([kind, each]) => `(${kind}${each})`),
  ),
}));
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n'), maxLength: 12 });

/** What V8 makes of it, with PCRE's meaning of `$`, `\z` and `.`. */
function byV8(source: string, subject: string) {
  const translated = source
    .replaceAll('$', '(?=\\n?$)')
    .replaceAll('\\z', '$')
    .replaceAll(/(?<!\\)\./g, '[^\\n]');
  const match = new RegExp(translated).exec(subject);
  if (match === null) return undefined;
  return {
    start: match.index,
    end: match.index + match[0].length,
    captures: Array.from(match, (each) => each ?? ''),
  };
}

describe('the engines', () => {
  it('find what V8 finds', () => {
    fc.assert(
      fc.property(
        pattern.filter((each) => each.length < 60),
        text,
        (source, subject) => {
          const expected = byV8(source, subject);
          const parsed = parsePattern(source, '');
          expect(linearEngine(parsed).read(subject).next(0)).toEqual(expected);
          expect(linearEngine(parsed).test(subject)).toBe(expected !== undefined);
          const native = nativeEngine(parsed);
          if (native === undefined) return;
          expect(native.read(subject).next(0)).toEqual(expected);
          expect(native.test(subject)).toBe(expected !== undefined);
        },
      ),
      { numRuns: 80, endOnFailure: true },
    );
  });

  it('find the same over the borders of what is held at once', () => {
    const parsed = parsePattern('(?:(a)|bc?)*(d)', '');
    const subject = `${'x'.repeat(500)}${'abc'.repeat(400)}d${'a'.repeat(700)}d`;
    const reading = linearEngine(parsed).read(subject);
    expect(reading.next(0)).toMatchObject({ start: 500, end: 1701 });
    expect(reading.next(1701)).toMatchObject({ start: 1701, end: 2402 });
    expect(reading.next(900)).toMatchObject({ start: 900, end: 1701 });
    expect(reading.next(2402)).toBeUndefined();
  });

  it.each([
    ['^/api/(.*)$', true],
    ['(?i)bot|crawler', true],
    ['^/(?!admin).*', true],
    ['^/([^/]+)/([^/]+)$', true],
    ['^/u/([^/]+)/(.*)x$', true],
    ['^/(.*)/([^/]+)/x$', false],
    ['^/([^/]*)/?(.*)x', false],
    ['[^/]+/', false],
    ['a.*b', false],
    ['^(a+)+$', false],
    ['^(a?){20}a{20}$', false],
    ['^(?:(a)|b)*$', false],
    ['^(?:a?b?c?d?e?f?g?h?i?)$', false],
  ])('%s goes to V8: %s', (source, native) => {
    expect(nativeEngine(parsePattern(source, '')) !== undefined).toBe(native);
  });
});
