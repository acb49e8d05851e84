import { describe, expect, it } from 'vitest';
import { Bulletin } from '../../../../src/embedded/gateway/workers/bulletin.ts';
import type { FromWorker } from '../../../../src/embedded/gateway/workers/messages.ts';

/** Two workers, and what the primary does with what they say. */
function setUp() {
  const workers: Bulletin[] = [];
  const tellAll = (message: FromWorker) => {
    if (message.kind === 'event') for (const worker of workers) worker.take(message);
  };
  workers.push(new Bulletin(tellAll), new Bulletin(tellAll));
  return workers as [Bulletin, Bulletin];
}

describe('an event that a worker tells', () => {
  it('is taken by all, itself included, under its name', () => {
    const [one, two] = setUp();
    const taken: unknown[] = [];
    const tell = one.join('a', (event) => taken.push(['one', event]));
    two.join('a', (event) => taken.push(['two', event]));
    two.join('b', () => taken.push('never'));
    tell({ n: 1 });
    expect(taken).toEqual([
      ['one', { n: 1 }],
      ['two', { n: 1 }],
    ]);
  });

  it('waits in a worker where nobody takes it yet, and not for ever', () => {
    const [one, two] = setUp();
    const tell = one.join<number>('a', () => {});
    for (let i = 1; i <= 10_002; i++) tell(i);
    const taken: number[] = [];
    two.join<number>('a', (event) => void taken.push(event));
    expect([taken.length, taken[0], taken.at(-1)]).toEqual([10_000, 3, 10_002]);
  });
});
