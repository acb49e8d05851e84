import { describe, expect, test } from 'vitest';
import { Steps } from '../../src/lifecycle/steps.ts';
import { systemClock } from '../../src/system/clock.ts';

describe('Steps', () => {
  test('each begins when all that it comes after is done, and others at once', async () => {
    const steps = new Steps(systemClock);
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
    };
    steps.add('broker', [], work('broker'));
    steps.add('cache', [], work('cache'));
    steps.add('api', ['broker', 'cache', 'nothing of that name'], work('api'));
    await steps.settled();
    expect(order.slice(0, 2)).toEqual(['broker begins', 'cache begins']);
    expect(order.slice(-2)).toEqual(['api begins', 'api ends']);
    expect(steps.times().map(({ name, after }) => ({ name, after }))).toContainEqual({
      name: 'api',
      after: ['broker', 'cache'],
    });
  });

  test('the first failure is the one that is told, and what comes after it never begins', async () => {
    const steps = new Steps(systemClock);
    let begun = false;
    steps.add('broker', [], async () => {
      throw new Error('broken');
    });
    steps.add('cache', [], async () => {
      await new Promise((_, reject) =>
        steps.failed.signal.addEventListener('abort', () => reject(new Error('called off'))),
      );
    });
    steps.add('api', ['broker'], async () => {
      begun = true;
    });
    await expect(steps.settled()).rejects.toThrow('broken');
    expect(begun).toBe(false);
    expect(steps.times()).toEqual([]);
  });
});
