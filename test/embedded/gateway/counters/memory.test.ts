import { describe, expect, it } from 'vitest';
import { MemoryCounters } from '../../../../src/embedded/gateway/counters/memory.ts';
import { countersSuite } from './suite.ts';

describe('counts in the process', () => {
  let now = 1_700_000_000_000;
  const counters = new MemoryCounters(() => now);
  countersSuite(() => ({
    one: counters,
    other: counters,
    pass: (seconds) => {
      now += seconds * 1000;
    },
  }));

  it('forget the oldest of more than 100,000 keys of a limit, and none of another limit', () => {
    const rule = { count: 5, seconds: 60, cost: 1 };
    counters.takeWindow('login', 'somebody', rule);
    counters.takeWindow('flooded', 'oldest', rule);
    counters.takeWindow('flooded', 'second', rule);
    for (let i = 0; i < 99_999; i++) counters.takeWindow('flooded', `key-${i}`, rule);
    expect(counters.takeWindow('flooded', 'second', rule).remaining).toBe(3);
    expect(counters.takeWindow('flooded', 'oldest', rule).remaining).toBe(4);
    expect(counters.takeWindow('login', 'somebody', rule).remaining).toBe(3);
  });

  it('go on when the clock is set back', () => {
    const bucket = { rate: 1, burst: 1 };
    counters.fillBucket('clock', 'a', bucket);
    now -= 3_600_000;
    expect(counters.fillBucket('clock', 'a', bucket)).toBe(0);
    expect(counters.fillBucket('clock', 'a', bucket)).toBe(1);
    expect(counters.fillBucket('clock', 'a', bucket)).toBeUndefined();
  });
});
