import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageProperties } from '../../../src/amqp/message-properties.ts';
import type { RawMessage } from '../../../src/context.ts';
import { alreadyThere, bringBack, setAside } from '../../../src/topology/migrate/move.ts';

describe('alreadyThere', () => {
  it('recognizes exactly what was moved, wherever a kill came between noting, publishing and acknowledging', () => {
    fc.assert(
      fc.property(
        // Few digests, so that equal messages follow each other.
        fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 12 }),
        fc.nat(12),
        fc.nat(12),
        fc.nat(5),
        fc.boolean(),
        (source, batchSize, arrivedRaw, before, acknowledged) => {
          const batch = source.slice(0, Math.max(1, Math.min(batchSize, source.length)));
          // Acknowledged only after all have arrived, and then all at once.
          const arrived = acknowledged ? batch.length : Math.min(arrivedRaw, batch.length);
          const interrupted = { sourceBefore: source.length, targetBefore: before, digests: batch };
          const left = acknowledged ? source.slice(batch.length) : source;
          const there = alreadyThere(left, interrupted, left.length, before + arrived);
          const moved = [...batch.slice(0, arrived), ...left.filter((_, index) => !there.has(index))];
          expect(moved).toEqual(source);
        },
      ),
    );
  });

  it('rather moves a message twice than never where some have gone otherwise', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 99 }).map(String), { minLength: 1, maxLength: 10 }),
        fc.nat(10),
        fc.nat(10),
        (source, arrivedRaw, expired) => {
          const arrived = Math.min(arrivedRaw, source.length);
          const left = source.slice(Math.min(expired, source.length));
          const interrupted = { sourceBefore: source.length, targetBefore: 0, digests: source };
          const there = alreadyThere(left, interrupted, left.length, arrived);
          const target = new Set([
            ...source.slice(0, arrived),
            ...left.filter((_, index) => !there.has(index)),
          ]);
          for (const each of left) expect(target).toContain(each);
        },
      ),
    );
  });

  it('knows nothing without an interrupted run', () => {
    expect(alreadyThere(['a'], undefined, 1, 1).size).toBe(0);
  });
});

describe('aside and back', () => {
  it('a message is as it was, but for its user', () => {
    const header = fc.oneof(fc.string(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.boolean());
    fc.assert(
      fc.property(
        fc.record(
          {
            messageId: fc.string(),
            expiration: fc.nat().map(String),
            deliveryMode: fc.constantFrom(1, 2),
            priority: fc.nat(9),
            userId: fc.string(),
            timestamp: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
            headers: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), header),
          },
          { requiredKeys: [] },
        ),
        (values) => {
          const properties = MessageProperties.of(values);
          const message: RawMessage = {
            exchange: 'e',
            routingKey: 'k',
            properties,
            content: Buffer.from('x'),
          };
          const aside = setAside(message);
          expect(aside.properties.text('expiration')).toBeUndefined();
          expect(aside.properties.text('userId')).toBeUndefined();
          expect(aside.properties.octet('deliveryMode')).toBe(2);
          expect(bringBack(aside).properties.bytes).toEqual(properties.with({ userId: undefined }).bytes);
        },
      ),
    );
  });
});
