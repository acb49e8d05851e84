import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Message } from '../../../../src/embedded/broker/message.ts';
import type { Entry } from '../../../../src/embedded/broker/queue/entry.ts';
import { ReadyList } from '../../../../src/embedded/broker/queue/ready.ts';

const entry = (position: number, priority = 0): Entry => ({
  message: Message.of('', 'q', { priority }, Buffer.alloc(position % 3)),
  position,
  expiresAt: Number.POSITIVE_INFINITY,
  redelivered: false,
  returns: 0,
});

describe('ReadyList', () => {
  it('keeps the order of positions within a priority, whatever is taken and put back', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 3 }),
        fc.array(
          fc.oneof(
            fc.record({ kind: fc.constant('push' as const), priority: fc.nat({ max: 5 }) }),
            fc.constant({ kind: 'shift' as const }),
            fc.record({ kind: fc.constant('back' as const), which: fc.nat() }),
          ),
        ),
        (maxPriority, steps) => {
          const list = new ReadyList(maxPriority);
          const model: Entry[] = [];
          const taken: Entry[] = [];
          const level = ({ message }: Entry) => Math.min(message.priority, maxPriority);
          let position = 0;
          for (const step of steps) {
            if (step.kind === 'push') {
              position += 1;
              const added = entry(position, step.priority);
              list.push(added);
              model.push(added);
            } else if (step.kind === 'shift') {
              model.sort((a, b) => level(b) - level(a) || a.position - b.position);
              const expected = model.shift();
              expect(list.peek()).toBe(expected);
              expect(list.shift()).toBe(expected);
              if (expected !== undefined) taken.push(expected);
            } else {
              const [back] = taken.splice(step.which % Math.max(taken.length, 1), 1);
              if (back === undefined) continue;
              list.putBack(back);
              model.push(back);
            }
            expect(list.length).toBe(model.length);
            expect(list.bytes).toBe(model.reduce((sum, { message }) => sum + message.body.length, 0));
          }
          expect(new Set(list.clear())).toEqual(new Set(model));
          expect([list.length, list.bytes, list.shift()]).toEqual([0, 0, undefined]);
        },
      ),
    );
  });
});
