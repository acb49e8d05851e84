import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Confirms } from '../../../../src/embedded/broker/channel/confirms.ts';
import type { Outbox } from '../../../../src/embedded/broker/connection/outbox.ts';

/** What a client makes of the confirms that it is sent. */
class Publisher {
  readonly outcome = new Map<number, boolean>();
  readonly open = new Set<number>();
  frames = 0;

  confirm(_channel: number, accepted: boolean, tag: number, multiple: boolean): void {
    this.frames += 1;
    const settled = multiple ? [...this.open].filter((number) => number <= tag) : [tag];
    for (const number of settled) {
      expect(this.open.delete(number)).toBe(true);
      this.outcome.set(number, accepted);
    }
  }
}

describe('Confirms', () => {
  it('tells the publisher about every message exactly once, with the right outcome', () => {
    const fate = fc.record({ accepted: fc.boolean(), late: fc.boolean(), flush: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fate, { maxLength: 60 }), (fates) => {
        const confirms = new Confirms();
        const publisher = new Publisher();
        const outbox = publisher as unknown as Outbox;
        const late: [number, boolean][] = [];
        const expected = new Map<number, boolean>();
        for (const { accepted, late: isLate, flush } of fates) {
          const number = confirms.begin();
          publisher.open.add(number);
          expected.set(number, accepted);
          if (isLate) {
            confirms.postpone(number);
            late.push([number, accepted]);
          } else confirms.settle(number, accepted);
          if (flush) confirms.flush(outbox, 1);
        }
        confirms.flush(outbox, 1);
        expect(confirms.unconfirmed).toBe(late.length);
        for (const [number, accepted] of late) confirms.settle(number, accepted);
        confirms.flush(outbox, 1);
        expect(publisher.outcome).toEqual(expected);
      }),
    );
  });

  it('says it in one frame when it can', () => {
    const confirms = new Confirms();
    const publisher = new Publisher();
    for (let index = 0; index < 100; index += 1) {
      const number = confirms.begin();
      publisher.open.add(number);
      confirms.settle(number, true);
    }
    confirms.flush(publisher as unknown as Outbox, 1);
    expect([publisher.frames, publisher.open.size]).toEqual([1, 0]);
  });
});
