import { expect, it } from 'vitest';
import type { Counters } from '../../../../src/embedded/gateway/counters.ts';

export interface CountersUnderTest {
  /** Two that count together. */
  one: Counters;
  other: Counters;
  /** Lets the time of the counts go on. */
  pass(seconds: number): void | Promise<void>;
}

let made = 0;
/** A limit that no other test has. */
const newLimit = () => `plugin-limit-countroute${process.pid}-${made++}:1`;

/** What every implementation of `Counters` does. `under` gives the one under test, which each test gets fresh keys of. */
export function countersSuite(under: () => CountersUnderTest): void {
  const rule = { count: 3, seconds: 2, cost: 1 };

  it('counts down from the first request of a window, past zero, for whoever asks', async () => {
    const { one, other } = under();
    const limit = newLimit();
    expect(await one.takeWindow(limit, 'a', rule)).toEqual({ remaining: 2, resetSeconds: 2 });
    expect(await other.takeWindow(limit, 'a', rule)).toMatchObject({ remaining: 1 });
    expect(await one.takeWindow(limit, 'a', { ...rule, cost: 3 })).toMatchObject({ remaining: -2 });
    expect(await other.takeWindow(limit, 'a', rule)).toMatchObject({ remaining: -3 });
  });

  it('begins a window anew when its time is over, not before', async () => {
    const { one, pass } = under();
    const limit = newLimit();
    await one.takeWindow(limit, 'a', rule);
    await pass(1);
    expect(await one.takeWindow(limit, 'a', rule)).toEqual({ remaining: 1, resetSeconds: 1 });
    await pass(1.1);
    expect(await one.takeWindow(limit, 'a', rule)).toEqual({ remaining: 2, resetSeconds: 2 });
  });

  it('keeps keys and limits apart, whatever bytes they are of', async () => {
    const { one } = under();
    const limit = newLimit();
    const keys = [
      'a',
      'b',
      '',
      '__proto__',
      'constructor',
      'gr\xc3\xb6\xff',
      'x'.repeat(4096),
      '{a}',
      'a:b\r\n',
    ];
    for (const key of keys) expect(await one.takeWindow(limit, key, rule)).toMatchObject({ remaining: 2 });
    for (const key of keys) expect(await one.takeWindow(limit, key, rule)).toMatchObject({ remaining: 1 });
    expect(await one.takeWindow(newLimit(), 'a', rule)).toMatchObject({ remaining: 2 });
  });

  it('lets a bucket run over, and leak at its rate', async () => {
    const { one, other, pass } = under();
    const limit = newLimit();
    const bucket = { rate: 2, burst: 1.5 };
    expect(await one.fillBucket(limit, 'a', bucket)).toBe(0);
    expect(await other.fillBucket(limit, 'a', bucket)).toBeCloseTo(1, 1);
    expect(await one.fillBucket(limit, 'a', bucket)).toBeUndefined();
    expect(await one.fillBucket(limit, 'b', bucket)).toBe(0);
    await pass(0.5);
    // What was refused has put nothing in: one of 1 has left, and one came.
    expect(await other.fillBucket(limit, 'a', bucket)).toBeCloseTo(1, 1);
    await pass(10);
    expect(await other.fillBucket(limit, 'a', bucket)).toBe(0);
  });

  it('gives as many places as there are, and each again that was left', async () => {
    const { one, other } = under();
    const limit = newLimit();
    const first = await one.enter(limit, 'a', 2);
    const second = await other.enter(limit, 'a', 2);
    expect([first?.taken, second?.taken]).toEqual([1, 2]);
    expect(await one.enter(limit, 'a', 2)).toBeUndefined();
    expect((await one.enter(limit, 'b', 2))?.taken).toBe(1);
    await first?.leave();
    const third = await one.enter(limit, 'a', 2);
    expect(third?.taken).toBe(2);
    await second?.leave();
    await third?.leave();
    expect((await other.enter(limit, 'a', 2))?.taken).toBe(1);
  });

  it('counts every request of many at once', async () => {
    const { one, other } = under();
    const limit = newLimit();
    const many = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? one : other));
    const windows = await Promise.all(
      many.map((counters) => counters.takeWindow(limit, 'a', { count: 100, seconds: 60, cost: 1 })),
    );
    expect(windows.map(({ remaining }) => remaining).sort((a, b) => b - a)).toEqual(
      many.map((_, i) => 99 - i),
    );
    const places = await Promise.all(many.map((counters) => counters.enter(limit, 'p', 40)));
    expect(places.filter((place) => place !== undefined)).toHaveLength(40);
  });
}
