import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type EngineOrder,
  type LevelChange,
  type Match,
  MatchingEngine,
  open,
  type Side,
} from '../src/matching-engine.ts';

const command = fc.oneof(
  fc.record({
    kind: fc.constant('order' as const),
    side: fc.constantFrom<Side>('BUY', 'SELL'),
    price: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 90, max: 110 }) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    quantity: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(40) }),
);

test('orders are matched by price, then time; nothing is lost, and the book is never crossed', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
      const told = new Map<string, number>();
      const engine = new MatchingEngine(({ side, price, quantity }: LevelChange) => {
        if (quantity === 0) told.delete(`${side}${price}`);
        else told.set(`${side}${price}`, quantity);
      });
      const orders: EngineOrder[] = [];
      const resting = new Set<EngineOrder>();
      for (const each of commands) {
        if (each.kind === 'cancel') {
          const order = orders[each.which];
          if (order === undefined) continue;
          expect(engine.remove(order.id)).toBe(resting.delete(order));
          continue;
        }
        const { side, price, quantity } = each;
        const order: EngineOrder = { id: orders.length + 1, side, price, quantity, executed: 0, owner: 'x' };
        orders.push(order);
        const better = [...resting]
          .filter(
            (other) =>
              other.side !== side &&
              (price === undefined ||
                (side === 'BUY' ? (other.price ?? 0) <= price : (other.price ?? 0) >= price)),
          )
          .sort((a, b) => (side === 'BUY' ? 1 : -1) * ((a.price ?? 0) - (b.price ?? 0)) || a.id - b.id);
        expect(engine.available(order)).toBe(better.reduce((sum, other) => sum + open(other), 0));
        const matches: Match[] = engine.take(order);
        // Those that were taken are the first of the queue, in its order, at their own prices.
        expect(matches.map(({ maker }) => maker.id)).toEqual(
          better.slice(0, matches.length).map(({ id }) => id),
        );
        for (const { maker, price: at } of matches) expect(at).toBe(maker.price);
        expect(matches.reduce((sum, match) => sum + match.quantity, 0)).toBe(order.executed);
        for (const maker of better) if (open(maker) === 0) resting.delete(maker);
        if (open(order) > 0 && price !== undefined) {
          engine.rest(order);
          resting.add(order);
        }
        const [bid, ask] = [engine.best('BUY'), engine.best('SELL')];
        if (bid !== undefined && ask !== undefined) expect(bid.price).toBeLessThan(ask.price);
        // What was told of the levels is what stands there.
        const levels = new Map<string, number>();
        for (const other of resting)
          levels.set(
            `${other.side}${other.price}`,
            (levels.get(`${other.side}${other.price}`) ?? 0) + open(other),
          );
        expect(Object.fromEntries(told)).toEqual(Object.fromEntries(levels));
      }
    }),
  );
});
