import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Distributor, type Receiver } from '../../../../src/embedded/gateway/workers/distributor.ts';

interface Connection extends Socket {
  name: string;
}

function connection(name: string): Connection {
  const made = {
    name,
    destroyed: false,
    on: () => made,
    destroy: () => {
      made.destroyed = true;
    },
  };
  return made as unknown as Connection;
}

class Worker implements Receiver {
  readonly has: [number: number, name: string][] = [];
  readonly asked: number[] = [];
  hand(number: number, _secure: boolean, socket: Socket): void {
    this.has.push([number, (socket as Connection).name]);
  }
  askFor(number: number): void {
    this.asked.push(number);
  }
  get names(): string {
    return this.has.map(([, name]) => name).join('');
  }
  /** The number of what came last. */
  get last(): number {
    return this.has.at(-1)?.[0] ?? 0;
  }
}

function setUp(workers: number, mostHanded = 1) {
  const clock = { now: 0 };
  const distributor = new Distributor(() => clock.now, mostHanded);
  const all = Array.from({ length: workers }, () => new Worker());
  for (const worker of all) distributor.join(worker);
  const accept = (names: string) => {
    const sockets = [...names].map(connection);
    for (const socket of sockets) distributor.accept(socket, false);
    return sockets;
  };
  return { clock, distributor, accept, all: all as [Worker, Worker] };
}

describe('connections', () => {
  it('wait until a worker serves, and go to it one by one', () => {
    const distributor = new Distributor(() => 0, 1);
    const [a, b] = ['a', 'b'].map(connection);
    distributor.accept(a as Connection, false);
    distributor.accept(b as Connection, false);
    const worker = new Worker();
    distributor.join(worker);
    expect(worker.names).toBe('a');
    expect(a?.destroyed).toBe(false);
    distributor.taken(worker, worker.last, 1);
    expect(worker.names).toBe('ab');
    // This process has no part in it any more.
    expect(a?.destroyed).toBe(true);
    expect(distributor.busy).toBe(true);
    distributor.taken(worker, worker.last, 2);
    expect(distributor.busy).toBe(false);
  });

  it('go to the worker that has the fewest', () => {
    const { distributor, accept, all } = setUp(2);
    const [one, two] = all;
    accept('ab');
    distributor.taken(one, one.last, 1);
    distributor.taken(two, two.last, 1);
    distributor.counted(one, 0);
    accept('c');
    distributor.taken(one, one.last, 1);
    distributor.counted(two, 0);
    accept('d');
    expect([one.names, two.names]).toEqual(['ac', 'bd']);
  });

  it('wait for no worker that is slow, which is asked after a while', () => {
    const { distributor, accept, all } = setUp(2);
    const [one, two] = all;
    accept('abcde');
    for (let open = 1; open <= 3; open++) distributor.taken(one, one.last, open);
    expect([one.names, two.names]).toEqual(['acde', 'b']);
    expect(distributor.owes(two)).toBe(true);
    expect(two.asked).toEqual([]);
    expect(distributor.owes(two)).toBe(true);
    expect(two.asked).toEqual([two.last]);
    distributor.taken(two, two.last, 1);
    expect(distributor.owes(two)).toBe(false);
    accept('f');
    expect(two.names).toBe('bf');
  });

  it('are on their way several at a time, to each worker as many', () => {
    const { distributor, accept, all } = setUp(2, 2);
    const [one, two] = all;
    const sockets = accept('abcde');
    expect([one.names, two.names]).toEqual(['ac', 'bd']);
    const [a = 0, c = 0] = one.has.map(([number]) => number);
    distributor.taken(one, a, 1);
    expect(one.names).toBe('ace');
    // The worker is asked for one that it has taken since.
    distributor.taken(one, c, 2);
    distributor.missed(one, c);
    expect(one.names).toBe('ace');
    distributor.leave(two);
    expect(one.names).toBe('aceb');
    distributor.taken(one, one.last, 3);
    expect(one.names).toBe('acebd');
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true, true, false, false]);
  });

  it('that a worker has not taken when it ends go to another; those that it has are lost', () => {
    const { distributor, accept, all } = setUp(2);
    const [one, two] = all;
    const [a, b, c] = accept('abc');
    distributor.taken(one, one.last, 1);
    distributor.leave(one);
    distributor.taken(two, two.last, 1);
    expect(two.names).toBe('bc');
    expect([a, b, c].map((each) => each?.destroyed)).toEqual([true, true, false]);
    distributor.leave(two);
    const third = new Worker();
    distributor.join(third);
    expect(third.names).toBe('c');
  });

  it('that were lost on their way are sent again, but not for ever', () => {
    const { clock, distributor, accept, all } = setUp(1);
    const [one] = all;
    const [a] = accept('a');
    for (let i = 0; i < 3; i++) {
      // A word about another one changes nothing.
      distributor.missed(one, one.last - 1);
      expect(a?.destroyed).toBe(false);
      distributor.missed(one, one.last);
      clock.now += 1_000;
      distributor.owes(one);
    }
    expect(one.names).toBe('aaa');
    expect(a?.destroyed).toBe(true);
    expect(distributor.busy).toBe(false);
  });

  it('do not go to a worker that could not take one, for a while or until it has fewer', () => {
    const { clock, distributor, accept, all } = setUp(2);
    const [one, two] = all;
    distributor.counted(two, 50);
    accept('a');
    distributor.taken(one, one.last, 1);
    accept('b');
    distributor.missed(one, one.last);
    distributor.taken(two, two.last, 51);
    clock.now += 1_000;
    accept('c');
    distributor.missed(one, one.last);
    distributor.taken(two, two.last, 52);
    distributor.counted(one, 0);
    accept('d');
    expect([one.names, two.names]).toEqual(['abcd', 'bc']);
  });

  it('are given up when the gateway ends', () => {
    const { distributor, accept } = setUp(1);
    const sockets = accept('ab');
    distributor.close();
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true]);
    expect(distributor.busy).toBe(false);
  });
});
