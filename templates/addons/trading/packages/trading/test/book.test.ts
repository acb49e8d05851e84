import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Book } from '../src/book.ts';
import { BookSync, type DepthDiff } from '../src/book-sync.ts';

const change = fc.record({
  side: fc.constantFrom('bids' as const, 'asks' as const),
  price: fc.integer({ min: 1, max: 60 }),
  quantity: fc.constantFrom(0, 0, 1, 2, 5),
});

describe('a book', () => {
  test('holds what was set last, the best first', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
        const book = new Book();
        const wanted = { bids: new Map<number, number>(), asks: new Map<number, number>() };
        for (const { side, price, quantity } of changes) {
          book[side].set(price, quantity);
          if (quantity === 0) wanted[side].delete(price);
          else wanted[side].set(price, quantity);
        }
        const sorted = (side: 'bids' | 'asks', direction: number) =>
          [...wanted[side]]
            .sort(([a], [b]) => direction * (a - b))
            .map(([price, quantity]) => ({ price, quantity }));
        expect([...book.bids.levels(1_000)]).toEqual(sorted('bids', -1));
        expect([...book.asks.levels(1_000)]).toEqual(sorted('asks', 1));
        expect(book.bids.best()).toEqual(sorted('bids', -1)[0]);
        expect(book.asks.size).toBe(wanted.asks.size);
      }),
    );
  });

  test('forgets levels far from the best when there are too many', () => {
    const book = new Book();
    for (let price = 1; price <= 10_000; price += 1) book.bids.set(price, 1);
    expect(book.bids.size).toBeLessThanOrEqual(6_000);
    expect(book.bids.best()).toEqual({ price: 10_000, quantity: 1 });
  });

  test('knows its middle, and when it is crossed', () => {
    const book = new Book();
    expect(book.middle()).toBeUndefined();
    book.bids.set(2926.27, 1);
    book.asks.set(2926.29, 1);
    expect(book.middle()).toBe(2926.28);
    expect(book.crossed).toBe(false);
    book.bids.set(2926.3, 1);
    expect(book.crossed).toBe(true);
  });
});

/** A history of an exchange: diffs, and a snapshot after so many of them. */
const history = fc
  .record({
    sizes: fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 30 }),
    snapshotAfter: fc.nat(29),
    heardFrom: fc.nat(29),
  })
  .map(({ sizes, snapshotAfter, heardFrom }) => {
    const truth = { bids: new Map<string, string>(), asks: new Map<string, string>() };
    let id = 100;
    const at = Math.min(snapshotAfter, sizes.length - 1);
    let snapshot = { lastUpdateId: id, bids: [] as [string, string][], asks: [] as [string, string][] };
    const diffs: DepthDiff[] = sizes.map((changes, index) => {
      const first = id + 1;
      const rows = { bids: new Map<string, string>(), asks: new Map<string, string>() };
      for (const { side, price, quantity } of changes) {
        id += 1;
        rows[side].set(String(price), String(quantity));
        if (quantity === 0) truth[side].delete(String(price));
        else truth[side].set(String(price), String(quantity));
      }
      if (index === at) snapshot = { lastUpdateId: id, bids: [...truth.bids], asks: [...truth.asks] };
      return { first, last: id, bids: [...rows.bids], asks: [...rows.asks] };
    });
    return { diffs, snapshot, at, heardFrom: Math.min(heardFrom, at + 1), truth };
  });

describe('a book that is kept in step', () => {
  test('is that of the exchange, whenever the snapshot comes, whatever comes twice', () => {
    fc.assert(
      fc.property(history, fc.nat(30), fc.nat(5), ({ diffs, snapshot, heardFrom, truth }, late, twice) => {
        const sync = new BookSync();
        const heard = diffs
          .slice(heardFrom)
          .flatMap((diff, index) => (index % 6 === twice ? [diff, diff] : [diff]));
        const before = Math.min(late, heard.length);
        for (const diff of heard.slice(0, before)) expect(sync.diff(diff)).toBe('buffered');
        expect(sync.snapshot(snapshot)).toBe(true);
        for (const diff of heard.slice(before)) expect(['applied', 'ignored']).toContain(sync.diff(diff));
        const side = (name: 'bids' | 'asks') =>
          Object.fromEntries(
            [...sync.book[name].levels(1_000)].map(({ price, quantity }) => [
              String(price),
              String(quantity),
            ]),
          );
        expect(side('bids')).toEqual(Object.fromEntries(truth.bids));
        expect(side('asks')).toEqual(Object.fromEntries(truth.asks));
      }),
    );
  });

  test('takes no snapshot that is older than what it has heard', () => {
    const sync = new BookSync();
    sync.diff({ first: 110, last: 112, bids: [], asks: [] });
    expect(sync.snapshot({ lastUpdateId: 105, bids: [], asks: [] })).toBe(false);
    expect(sync.synced).toBe(false);
    expect(sync.snapshot({ lastUpdateId: 109, bids: [['1', '1']], asks: [] })).toBe(true);
  });

  test('knows when something is missing, and begins anew with what it has', () => {
    const sync = new BookSync();
    sync.snapshot({ lastUpdateId: 10, bids: [['5', '1']], asks: [] });
    expect(sync.diff({ first: 11, last: 12, bids: [['6', '1']], asks: [] })).toBe('applied');
    expect(sync.diff({ first: 9, last: 12, bids: [['9', '1']], asks: [] })).toBe('ignored');
    expect(sync.diff({ first: 15, last: 16, bids: [['7', '1']], asks: [] })).toBe('gap');
    expect(sync.synced).toBe(false);
    expect(sync.snapshot({ lastUpdateId: 14, bids: [['6', '2']], asks: [] })).toBe(true);
    expect([...sync.book.bids.levels(9)]).toEqual([
      { price: 7, quantity: 1 },
      { price: 6, quantity: 2 },
    ]);
  });

  test.each([
    ['x'],
    ['NaN'],
    ['-1'],
    ['Infinity'],
    [''],
  ])('a price or an amount of %j is none: such a diff is a gap, such a snapshot is no book', (text) => {
    const sync = new BookSync();
    for (const row of [[text, '1'] as const, ...(text === '' ? [] : [['5', text] as const])]) {
      expect(sync.snapshot({ lastUpdateId: 10, bids: [row], asks: [] })).toBe(false);
      expect(sync.snapshot({ lastUpdateId: 10, bids: [['5', '1']], asks: [] })).toBe(true);
      expect(sync.diff({ first: 11, last: 11, bids: [], asks: [row] })).toBe('gap');
      expect([sync.synced, sync.book.bids.size, sync.book.asks.size]).toEqual([false, 0, 0]);
    }
  });
});
