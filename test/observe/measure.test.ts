import { expect, test } from 'vitest';
import { measure } from '../../src/observe/measure.ts';
import { reachContext } from '../support/context.ts';

const never = () => new Promise<never>(() => {});

test('gives what was measured', async () => {
  expect(await measure(reachContext(), 1_000, async () => 7)).toEqual({ measured: true, value: 7 });
});

test('gives the reason of what failed, thrown or rejected', async () => {
  const reason = { measured: false, reason: 'no way' };
  const fails = () => {
    throw new Error('no way');
  };
  expect(await measure(reachContext(), 1_000, fails)).toEqual(reason);
  expect(await measure(reachContext(), 1_000, async () => fails())).toEqual(reason);
});

test('does not wait longer than its deadline', async () => {
  expect(await measure(reachContext(), 20, never)).toEqual({
    measured: false,
    reason: 'not done within 20 ms',
  });
});

test('an interruption is thrown', async () => {
  const interruption = new AbortController();
  const measured = measure(reachContext(interruption.signal), 10_000, never);
  interruption.abort(new Error('interrupted'));
  await expect(measured).rejects.toThrow('interrupted');
});
