import { describe, expect, it } from 'vitest';
import { costOf, pricesSchema } from '../../src/answering/prices.ts';

const usage = { prompt_tokens: 1_000_000, completion_tokens: 500_000, total_tokens: 1_500_000 };

describe('prices', () => {
  it('are for a million tokens', () => {
    expect(costOf({ m: { prompt: 0.05, completion: 0.08 } }, 'm', usage)).toBeCloseTo(0.09, 12);
  });
  it('are not guessed', () => {
    expect(costOf({}, 'toString', usage)).toBeUndefined();
    expect(pricesSchema.safeParse({ m: { prompt: -1, completion: 0 } }).success).toBe(false);
  });
});
