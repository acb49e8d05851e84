import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countPromptTokens, countTokens, firstTokens } from '../../src/answering/tokens.ts';

describe('countTokens', () => {
  // The counts that OpenAI's tiktoken gives for cl100k_base.
  it.each([
    ['', 0],
    ['hello world', 2],
    ['antidisestablishmentarianism', 6],
    ['2 + 2 = 4', 7],
    ['お誕生日おめでとう', 9],
  ])('counts %j as %i', (text, tokens) => {
    expect(countTokens(text)).toBe(tokens);
  });

  it('counts control tokens as the text that they are', () => {
    expect(countTokens('<|endoftext|>')).toBeGreaterThan(1);
  });

  it('takes a long run of one character without its time exploding', () => {
    const started = performance.now();
    expect(countTokens('a'.repeat(200_000))).toBeGreaterThan(1000);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('countPromptTokens', () => {
  it('adds what a conversation costs besides its texts', () => {
    // 3 to begin the answer, 3 for the message, 1 for its role, 2 for its text.
    expect(countPromptTokens([{ role: 'user', content: 'hello world' }])).toBe(9);
    expect(countPromptTokens([{ role: 'user', content: [{ type: 'text', text: 'hello world' }] }])).toBe(9);
  });
});

describe('firstTokens', () => {
  it('cuts no character in two, and forgets none that it has cut', () => {
    // Three tokens for the first character, each a part of its bytes.
    const text = '𝒳 y';
    const all = countTokens(text);
    for (let round = 0; round < 2; round += 1)
      expect(Array.from({ length: all }, (_, at) => firstTokens(text, at + 1))).toEqual([
        ...new Array(all - 2).fill(''),
        '𝒳',
        '𝒳 y',
      ]);
  });

  it('gives a beginning of the text with at most so many tokens', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.integer({ min: 1, max: 60 }),
        (text, most) => {
          const beginning = firstTokens(text, most);
          expect(text.startsWith(beginning)).toBe(true);
          expect(countTokens(beginning)).toBeLessThanOrEqual(most);
          if (countTokens(text) <= most) expect(beginning).toBe(text);
          // What was cut in the middle of a character before must not be seen in it.
          expect(firstTokens(text, most)).toBe(beginning);
        },
      ),
    );
  });
});
