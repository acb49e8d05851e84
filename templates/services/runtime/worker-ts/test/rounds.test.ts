import { createLog } from '@stack/runtime/logging';
import { expect, test } from 'vitest';
import { startRounds } from '../src/rounds.ts';
import { work } from '../src/work.ts';

const log = createLog({ service: 'your-service', level: 'silent', destination: { write() {} } });

test('goes on after a round that failed, and says so meanwhile', async () => {
  const outcomes: string[] = [];
  let failing = true;
  const rounds = startRounds({
    everyMs: 1,
    log,
    async work() {
      if (failing) throw new Error('no');
    },
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  await expect.poll(() => outcomes.length).toBeGreaterThan(1);
  await expect(rounds.check()).rejects.toThrow('the last round failed');
  failing = false;
  await expect.poll(() => outcomes.at(-1)).toBe('done');
  await rounds.check();
  await rounds.close();
  const ended = outcomes.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(outcomes).toHaveLength(ended);
});

test('never works twice at a time, and ends with the round that it is in', async () => {
  let working = 0;
  let ended = false;
  const rounds = startRounds({
    everyMs: 0,
    log,
    async work(_log, signal) {
      working += 1;
      expect(working).toBe(1);
      await new Promise((resolve) => signal.addEventListener('abort', () => setTimeout(resolve, 10)));
      working -= 1;
      ended = true;
    },
    onOutcome() {},
  });
  await rounds.close();
  expect(ended).toBe(true);
});

test('its work can be done', async () => {
  await work(log, new AbortController().signal);
});
