import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeldKeys } from '../../../src/embedded/redis/held-keys.ts';
import { sizeOf } from '../../../src/embedded/redis/size.ts';

interface Known {
  name: string;
  bytes: number;
  expiresAt: number | undefined;
}

const name = fc.constantFrom('a', 'b', 'c', 'd', 'ä', '\u{1F600}', '');
const time = fc.integer({ min: 0, max: 20_000 });
const change = fc.oneof(
  fc.record({
    type: fc.constant('write' as const),
    name,
    length: fc.nat(99),
    expiresAt: fc.option(time, { nil: undefined }),
  }),
  fc.record({ type: fc.constant('expire' as const), name, expiresAt: time }),
  fc.record({ type: fc.constantFrom('delete' as const, 'evict' as const, 'persist' as const), name }),
  fc.record({ type: fc.constant('touch' as const), name, now: time }),
  fc.record({ type: fc.constant('flush' as const) }),
);

/** The same with a list, the one used last at its end. */
class Model {
  known: Known[] = [];
  apply(step: typeof change extends fc.Arbitrary<infer Step> ? Step : never): void {
    if (step.type === 'flush') {
      this.known = [];
      return;
    }
    const at = this.known.findIndex((each) => each.name === step.name);
    const found = this.known[at];
    if (step.type === 'write') {
      const value = { type: 'string' as const, value: Buffer.alloc(step.length) };
      if (found !== undefined) this.known.splice(at, 1);
      const bytes = sizeOf(Buffer.from(step.name), value);
      this.known.push({ name: step.name, bytes, expiresAt: step.expiresAt });
    } else if (found === undefined) return;
    else if (step.type === 'delete' || step.type === 'evict') this.known.splice(at, 1);
    else if (step.type === 'persist') found.expiresAt = undefined;
    else if (step.type === 'expire') found.expiresAt = step.expiresAt;
    else if (step.type === 'touch' && (found.expiresAt ?? Number.POSITIVE_INFINITY) > step.now) {
      this.known.splice(at, 1);
      this.known.push(found);
    }
  }
}

function apply(keys: HeldKeys, step: Parameters<Model['apply']>[0]): void {
  if (step.type === 'flush') keys.note({ type: 'flush', database: 0 });
  else if (step.type === 'touch') keys.touch(Buffer.from(step.name), step.now);
  else if (step.type === 'write') {
    const value = { type: 'string' as const, value: Buffer.alloc(step.length) };
    const { expiresAt } = step;
    keys.note({
      ...{ type: 'write', database: 0, key: Buffer.from(step.name), value },
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
  } else keys.note({ ...step, database: 0, key: Buffer.from(step.name) });
}

const secondOf = (expiresAt: number | undefined) => Math.floor((expiresAt ?? Number.NaN) / 1000);

describe('what is held', () => {
  test('is known by size, use and expiry after any changes', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), time, (steps, now) => {
        const keys = new HeldKeys();
        const model = new Model();
        for (const step of steps) {
          apply(keys, step);
          model.apply(step);
        }
        expect(keys.usedBytes).toBe(model.known.reduce((sum, { bytes }) => sum + bytes, 0));
        expect(keys.peakBytes).toBeGreaterThanOrEqual(keys.usedBytes);
        const expiring = model.known.filter(({ expiresAt }) => expiresAt !== undefined);
        expect(keys.hasVolatile).toBe(expiring.length > 0);
        const first = Math.min(...expiring.map(({ expiresAt }) => secondOf(expiresAt)));
        const soonest = keys.soonestToExpire;
        if (expiring.length === 0) expect(soonest).toBeUndefined();
        else expect(secondOf(soonest?.expiresAt)).toBe(first);
        const over = keys.expired(now, 100).map(({ key }) => String(key));
        const expected = expiring
          .filter(({ expiresAt }) => secondOf(expiresAt) === first && first < secondOf(now))
          .map((each) => each.name);
        expect(over.sort()).toEqual(expected.sort());
        // One after the other goes, in the order of their use.
        for (const { name: oldest } of model.known) {
          expect(String(keys.leastRecentlyUsed?.key)).toBe(oldest);
          keys.forget(Buffer.from(oldest));
        }
        expect(keys.leastRecentlyUsed).toBeUndefined();
        expect(keys.usedBytes).toBe(0);
      }),
    );
  });

  test('is in the order of use among those that expire, too', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (steps) => {
        const keys = new HeldKeys();
        for (const step of steps) apply(keys, step);
        let last = keys.leastRecentlyUsedVolatile;
        while (last !== undefined) {
          expect(last.expiresAt).toBeDefined();
          keys.forget(last.key);
          expect(keys.touch(last.key, 0)).toBe(false);
          last = keys.leastRecentlyUsedVolatile;
        }
        expect(keys.hasVolatile).toBe(false);
      }),
    );
  });
});
