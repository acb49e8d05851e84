import { describe, expect, it } from 'vitest';
import { MemoryCounters } from '../../../../src/embedded/gateway/counters/memory.ts';
import {
  type CounterChannel,
  keepCounters,
  RemoteCounters,
} from '../../../../src/embedded/gateway/counters/remote.ts';
import { countersSuite } from './suite.ts';

/** Two ends of a channel that carries JSON, as `process.send` does; `cut` is the end of either process. */
function channel(): { asking: CounterChannel; keeping: CounterChannel; cut(): void; carried: number[] } {
  const ends = [0, 1].map(() => ({
    listeners: [] as ((message: unknown) => void)[],
    closing: [] as (() => void)[],
  }));
  const carried: number[] = [];
  const side = (own: number): CounterChannel => ({
    send(message) {
      const text = JSON.stringify(message);
      if (own === 0) carried.push((message as unknown[]).length);
      setImmediate(() => {
        for (const listener of ends[1 - own]?.listeners ?? []) listener(JSON.parse(text));
      });
    },
    onMessage: (listener) => void ends[own]?.listeners.push(listener),
    onClose: (listener) => void ends[own]?.closing.push(listener),
  });
  return {
    asking: side(0),
    keeping: side(1),
    cut() {
      for (const { closing } of ends) for (const listener of closing) listener();
    },
    carried,
  };
}

describe('counts that another process keeps', () => {
  let now = 1_700_000_000_000;
  const kept = new MemoryCounters(() => now);
  const [one, other] = [channel(), channel()].map(({ asking, keeping }) => {
    keepCounters(kept, keeping);
    return new RemoteCounters(asking);
  }) as [RemoteCounters, RemoteCounters];
  countersSuite(() => ({
    one,
    other,
    pass: (seconds) => {
      now += seconds * 1000;
    },
  }));

  it('go over together when they are asked for in one turn', async () => {
    const { asking, keeping, carried } = channel();
    keepCounters(kept, keeping);
    const remote = new RemoteCounters(asking);
    await Promise.all(
      [1, 2, 3].map(() => remote.takeWindow('together', 'a', { count: 9, seconds: 9, cost: 1 })),
    );
    expect(carried).toEqual([3]);
  });

  it('go over together when they are asked for while others are on their way', async () => {
    const { asking, keeping, carried } = channel();
    keepCounters(kept, keeping);
    const remote = new RemoteCounters(asking);
    const ask = () => remote.takeWindow('on the way', 'a', { count: 9, seconds: 9, cost: 1 });
    const first = ask();
    await new Promise((resolve) => setImmediate(resolve));
    const others = [ask(), ask()];
    await new Promise((resolve) => setImmediate(resolve));
    others.push(ask());
    expect(await first).toMatchObject({ remaining: 8 });
    expect((await Promise.all(others)).map(({ remaining }) => remaining)).toEqual([7, 6, 5]);
    expect(carried).toEqual([1, 3]);
    await ask();
    expect(carried).toEqual([1, 3, 1]);
  });

  it('lose with a process that ends what it held, and nothing else', async () => {
    const { asking, keeping, cut } = channel();
    keepCounters(kept, keeping);
    const dying = new RemoteCounters(asking);
    expect((await dying.enter('ends', 'a', 3))?.taken).toBe(1);
    expect((await other.enter('ends', 'a', 3))?.taken).toBe(2);
    expect((await dying.enter('ends', 'a', 3))?.taken).toBe(3);
    const unanswered = dying.enter('ends', 'a', 3);
    cut();
    await expect(unanswered).rejects.toThrow('gone');
    await expect(dying.takeWindow('ends', 'a', { count: 1, seconds: 1, cost: 1 })).rejects.toThrow('gone');
    expect((await other.enter('ends', 'a', 3))?.taken).toBe(2);
  });

  /** The process that keeps the counts is busy: what it is asked lies in `held` until it is given to `take`. */
  function busy() {
    const { asking, keeping } = channel();
    const held: unknown[] = [];
    let take: (message: unknown) => void = () => {};
    keepCounters(kept, {
      ...keeping,
      onMessage(listener) {
        take = listener;
      },
    });
    keeping.onMessage((message) => held.push(message));
    return { asking, held, take: (message: unknown) => take(message) };
  }

  it('fail when they are not answered in time, and keep no place that nobody has', async () => {
    const { asking, held, take } = busy();
    const remote = new RemoteCounters(asking, 8);
    await expect(remote.enter('late', 'a', 1)).rejects.toThrow('does not answer');
    expect(await other.enter('late', 'a', 1)).toMatchObject({ taken: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const message of held) take(message);
    expect(held).toHaveLength(2);
  });

  it('give back a place that was taken too late', async () => {
    const { asking, held, take } = busy();
    const remote = new RemoteCounters(asking, 8);
    await expect(remote.enter('too late', 'a', 1)).rejects.toThrow('does not answer');
    await new Promise((resolve) => setTimeout(resolve, 5));
    take(held.shift());
    await Promise.resolve();
    expect(await other.enter('too late', 'a', 1)).toBeUndefined();
    take(held.shift());
    expect((await other.enter('too late', 'a', 1))?.taken).toBe(1);
  });

  it('say why they cannot be had', async () => {
    const { asking, keeping } = channel();
    const broken = new MemoryCounters(() => {
      throw new Error('no clock');
    });
    keepCounters(broken, keeping);
    const remote = new RemoteCounters(asking);
    await expect(remote.takeWindow('a', 'a', { count: 1, seconds: 1, cost: 1 })).rejects.toThrow('no clock');
  });
});
