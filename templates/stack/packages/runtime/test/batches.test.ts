import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inBatches } from '../src/batches.ts';

/** Work that waits until it is let go, batch by batch. */
function heldWork() {
  const batches: (readonly number[])[] = [];
  const held: (() => void)[] = [];
  const work = async (items: readonly number[]) => {
    batches.push(items);
    await new Promise<void>((resolve) => held.push(resolve));
    if (items.includes(13)) throw new Error('13 is refused');
    return items.map((item) => item * 10);
  };
  /** Lets go whatever is under way, until all is done. */
  const finish = async (all: Promise<unknown>) => {
    let done = false;
    const settled = all.finally(() => {
      done = true;
    });
    while (!done) {
      held.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return settled;
  };
  return { batches, work, finish };
}

/** No batch of these tests takes so long. */
const NEVER_SLOW = { slowAfterMs: 600_000 };

describe('batches', () => {
  it('take who comes alone at once, and whoever comes meanwhile together, each with its own result', async () => {
    const { batches, work, finish } = heldWork();
    const each = inBatches(work, () => false, NEVER_SLOW);
    const all = Promise.all([1, 2, 3, 4].map(each));
    expect(batches).toEqual([[1]]);
    expect(await finish(all)).toEqual([10, 20, 30, 40]);
    expect(batches).toEqual([[1], [2, 3, 4]]);
  });

  it('try each alone when one of them may be to blame, and fail for that one only', async () => {
    const { batches, work, finish } = heldWork();
    const each = inBatches(work, (error) => (error as Error).message === '13 is refused', NEVER_SLOW);
    const all = Promise.allSettled([1, 2, 13, 4].map(each));
    expect(await finish(all)).toEqual([
      { status: 'fulfilled', value: 10 },
      { status: 'fulfilled', value: 20 },
      { status: 'rejected', reason: new Error('13 is refused') },
      { status: 'fulfilled', value: 40 },
    ]);
    expect(batches).toEqual([[1], [2, 13, 4], [2], [13], [4]]);
  });

  it('fail for all in them otherwise, and go on with the next', async () => {
    const { batches, work, finish } = heldWork();
    const each = inBatches(work, () => false, NEVER_SLOW);
    expect(await finish(Promise.allSettled([1, 2, 13].map(each)))).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected' },
      { status: 'rejected' },
    ]);
    expect(batches).toEqual([[1], [2, 13]]);
    expect(await finish(each(5))).toBe(50);
  });

  it('try no more of them alone once what goes wrong is not of one of them', async () => {
    const tried: (readonly number[])[] = [];
    const each = inBatches(
      async (items: readonly number[]) => {
        tried.push(items);
        if (items.length > 1) throw new Error('of a row');
        if (items[0] === 3) throw new Error('of a row');
        if (items[0] === 4) throw new Error('the database is away');
        return items;
      },
      (error) => (error as Error).message === 'of a row',
      NEVER_SLOW,
    );
    const all = await Promise.allSettled([1, 2, 3, 4, 5, 6].map(each));
    expect(all.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message))).toEqual([
      ...[1, 2, 'of a row'],
      ...['the database is away', 'the database is away', 'the database is away'],
    ]);
    expect(tried).toEqual([[1], [2, 3, 4, 5, 6], [2], [3], [4]]);
    expect(await each(7)).toBe(7);
  });

  it('do not wait for one that hangs, and are two at once at most', async () => {
    const begun: number[] = [];
    const hanging = new Map<number, () => void>();
    const each = inBatches(
      async (items: readonly number[]) => {
        begun.push(...items);
        for (const item of items)
          if (item < 0) await new Promise<void>((resolve) => hanging.set(item, resolve));
        return items;
      },
      () => false,
      { slowAfterMs: 1 },
    );
    const first = each(-1);
    expect(await Promise.all([1, 2].map(each))).toEqual([1, 2]);
    const second = each(-2);
    await expect.poll(() => hanging.has(-2)).toBe(true);
    const third = each(3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(begun).not.toContain(3);
    hanging.get(-2)?.();
    expect(await Promise.all([second, third])).toEqual([-2, 3]);
    hanging.get(-1)?.();
    expect(await first).toBe(-1);
  });

  it('lose none and mix up none, however they come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat(12), { maxLength: 5 }), { maxLength: 8 }), async (waves) => {
        let under = 0;
        const each = inBatches(
          async (items: readonly number[]) => {
            under += 1;
            expect(under).toBe(1);
            await new Promise((resolve) => setImmediate(resolve));
            under -= 1;
            return items.map((item) => -item);
          },
          () => false,
          NEVER_SLOW,
        );
        const results: Promise<number[]>[] = [];
        for (const wave of waves) {
          results.push(Promise.all(wave.map(each)));
          if (wave.length % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        expect(await Promise.all(results)).toEqual(waves.map((wave) => wave.map((item) => -item)));
      }),
    );
  });
});
