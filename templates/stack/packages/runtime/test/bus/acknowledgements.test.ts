import type { Message } from 'amqplib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Acknowledgements } from '../../src/bus/acknowledgements.ts';

const deliver = (deliveryTag: number) => ({ fields: { deliveryTag } }) as Message;

/** Takes acknowledgements as a broker does: a tag that is not open closes the channel. */
function broker(tags: readonly number[]) {
  const open = new Set(tags);
  const frames: { tag: number; multiple: boolean }[] = [];
  return {
    open,
    frames,
    ack({ fields: { deliveryTag } }: Message, multiple = false) {
      frames.push({ tag: deliveryTag, multiple });
      if (!open.has(deliveryTag))
        throw new Error(`PRECONDITION_FAILED - unknown delivery tag ${deliveryTag}`);
      for (const tag of open) if (tag === deliveryTag || (multiple && tag < deliveryTag)) open.delete(tag);
    },
  };
}

describe('Acknowledgements', () => {
  it('acknowledges what is done and nothing else, in whatever order it gets done', () => {
    const runs = fc.integer({ min: 1, max: 24 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        order: fc.shuffledSubarray(Array.from({ length: count }, (_, index) => index + 1)),
        prefetch: fc.integer({ min: 1, max: 40 }),
        flushes: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
      }),
    );
    fc.assert(
      fc.property(runs, ({ count, order, prefetch, flushes }) => {
        const tags = Array.from({ length: count }, (_, index) => index + 1);
        const channel = broker(tags);
        const lost = vi.fn();
        const acknowledgements = new Acknowledgements(channel, prefetch, lost);
        const messages = tags.map(deliver);
        for (const message of messages) acknowledgements.taken(message);
        const done = new Set<number>();
        for (const [place, tag] of order.entries()) {
          done.add(tag);
          acknowledgements.done(messages[tag - 1] as Message);
          if (flushes[place]) acknowledgements.flush();
          for (const each of tags) if (!done.has(each)) expect(channel.open).toContain(each);
        }
        acknowledgements.flush();
        expect(lost).not.toHaveBeenCalled();
        expect([...channel.open]).toEqual(tags.filter((tag) => !done.has(tag)));
      }),
    );
  });

  it('says in one frame what is done without a gap', () => {
    const channel = broker([1, 2, 3, 4, 5]);
    const acknowledgements = new Acknowledgements(channel, 100, () => {});
    const messages = [1, 2, 3, 4, 5].map(deliver);
    for (const message of messages) acknowledgements.taken(message);
    for (const place of [1, 0, 2, 4]) acknowledgements.done(messages[place] as Message);
    expect(channel.frames).toEqual([]);
    acknowledgements.flush();
    expect(channel.frames).toEqual([
      { tag: 3, multiple: true },
      { tag: 5, multiple: false },
    ]);
  });

  it.each([
    { prefetch: 1, waiting: 0 },
    { prefetch: 2, waiting: 0 },
    { prefetch: 6, waiting: 2 },
  ])('keeps no broker waiting that leaves only $prefetch open', ({ prefetch, waiting }) => {
    const tags = [1, 2, 3, 4, 5, 6];
    const channel = broker(tags);
    const acknowledgements = new Acknowledgements(channel, prefetch, () => {});
    const messages = tags.map(deliver);
    for (const message of messages) acknowledgements.taken(message);
    for (const message of messages.slice(0, waiting)) acknowledgements.done(message);
    expect(channel.frames).toEqual([]);
    acknowledgements.done(messages[waiting] as Message);
    expect(channel.open.size).toBe(tags.length - waiting - 1);
  });

  it('acknowledges by itself after a moment', async () => {
    const channel = broker([1]);
    const acknowledgements = new Acknowledgements(channel, 100, () => {});
    const message = deliver(1);
    acknowledgements.taken(message);
    acknowledgements.done(message);
    await expect.poll(() => channel.open.size).toBe(0);
  });

  it('tells when the channel is gone, and tries nothing again', () => {
    const channel = broker([]);
    const lost = vi.fn();
    const acknowledgements = new Acknowledgements(channel, 1, lost);
    const message = deliver(1);
    acknowledgements.taken(message);
    acknowledgements.done(message);
    acknowledgements.flush();
    expect(lost).toHaveBeenCalledTimes(1);
  });
});
