import { expect, test } from 'vitest';
import { sharedLook } from '../../../src/runtimes/containers/shared-look.ts';
import { systemClock } from '../../../src/system/clock.ts';

/** Looks that are answered when the test says so, at times that it says. */
function looked() {
  let now = 0;
  const pending: PromiseWithResolvers[] = [];
  const shared = sharedLook({ clock: { ...systemClock, monotonic: () => now } }, () => {
    const next = withResolvers();
    pending.push(next);
    return next.promise;
  });
  return {
    ...shared,
    asked: () => pending.length,
    async answer(index: number) {
      pending[index]?.resolve(index);
      await pending[index]?.promise;
    },
    async refuse(index: number) {
      pending[index]?.reject(new Error(`refused ${index}`));
      await pending[index]?.promise.catch(() => {});
    },
    pass(ms: number) {
      now += ms;
    },
  };
}

interface PromiseWithResolvers {
  promise: Promise<number>;
  resolve(value: number): void;
  reject(error: Error): void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: PromiseWithResolvers['resolve'] = () => {};
  let reject: PromiseWithResolvers['reject'] = () => {};
  const promise = new Promise<number>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

test('all who ask at about the same time share one look, however long it takes', async () => {
  const { look, answer, pass, asked } = looked();
  const first = look();
  pass(5_000);
  const second = look();
  await answer(0);
  pass(500);
  expect(await Promise.all([first, second, look()])).toEqual([0, 0, 0]);
  pass(1);
  const next = look();
  await answer(1);
  expect(await next).toBe(1);
  expect(asked()).toBe(2);
});

test('after a change nobody is told of what was seen before it', async () => {
  const { look, drop, answer } = looked();
  const before = look();
  drop();
  const after = look();
  // Answered late, the old look takes nobody in.
  await answer(1);
  await answer(0);
  expect(await Promise.all([before, after, look()])).toEqual([0, 1, 1]);
});

test('a failure is told to those who waited, and the next one looks anew', async () => {
  const { look, answer, refuse } = looked();
  const waiting = [look(), look()];
  await refuse(0);
  for (const each of waiting) await expect(each).rejects.toThrow('refused 0');
  const next = look();
  await answer(1);
  expect(await next).toBe(1);
});
