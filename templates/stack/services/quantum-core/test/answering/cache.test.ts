import { describe, expect, it } from 'vitest';
import { cacheKey } from '../../src/answering/cache.ts';

const request = { model: 'm', messages: [{ role: 'user' as const, content: 'x' }], temperature: 1, seed: 2 };

describe('cacheKey', () => {
  it('does not depend on the order of fields, on how the answer travels or on who asks', () => {
    const reordered = {
      seed: 2,
      temperature: 1,
      messages: [{ content: 'x', role: 'user' as const }],
      model: 'm',
    };
    expect(cacheKey('e', reordered)).toBe(cacheKey('e', request));
    expect(cacheKey('e', { ...request, stream: true, user: 'me', stop: null })).toBe(cacheKey('e', request));
  });

  it.each([
    [{ seed: 3 }],
    [{ model: 'other' }],
    [{ messages: [{ role: 'user' as const, content: 'y' }] }],
    [{ max_tokens: 5 }],
    [{ anything: 1 }],
  ])('depends on everything else: %o', (change) => {
    expect(cacheKey('e', { ...request, ...change })).not.toBe(cacheKey('e', request));
  });

  it('depends on the engine', () => {
    expect(cacheKey('f', request)).not.toBe(cacheKey('e', request));
  });
});
