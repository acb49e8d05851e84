import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  keyOf,
  pauseBefore,
  quarantine,
  readAttempts,
  settled,
  spent,
  tried,
  writeAttempts,
} from '../../src/heal/attempts.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const KEY = keyOf('restart', 'cache');
const MINUTE = 60_000;

test('a remedy is spent when it has not helped so often in a row', () => {
  let book = tried(tried({}, KEY, 0), KEY, 20 * MINUTE);
  expect(spent(book[KEY], 3, 20 * MINUTE)).toBeUndefined();
  book = tried(book, KEY, 40 * MINUTE);
  expect(spent(book[KEY], 3, 40 * MINUTE)).toBe('was tried 3 times and did not help');
  expect(spent(settled(book, new Set())[KEY], 3, 40 * MINUTE)).toBeUndefined();
});

test('what helps again and again within ten minutes flaps, and may be tried again later', () => {
  let book = {};
  for (let each = 0; each < 9; each += 1) book = settled(tried(book, KEY, each * MINUTE), new Set());
  const attempts = (book as Record<string, never>)[KEY];
  expect(spent(attempts, 3, 8 * MINUTE)).toBe('was needed 9 times within 10 minutes: it flaps');
  expect(spent(attempts, 3, 11 * MINUTE)).toBeUndefined();
});

test('the pause doubles with each attempt that did not help, within bounds, and is short again after a ready', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (count, random) => {
        let book = {};
        for (let each = 0; each < count; each += 1) book = tried(book, KEY, 1_000);
        const pause = pauseBefore((book as Record<string, never>)[KEY], 1_000, random);
        const whole = Math.min(60_000, 1_000 * 2 ** (count - 1));
        expect(pause).toBeGreaterThanOrEqual(whole / 2);
        expect(pause).toBeLessThanOrEqual(whole);
        expect(pauseBefore((settled(book, new Set()) as Record<string, never>)[KEY], 1_000, random)).toBe(0);
      },
    ),
  );
});

test('what has waited long enough waits no more', () => {
  const book = tried({}, KEY, 0);
  expect(pauseBefore(book[KEY], 5_000, 1)).toBe(0);
  expect(pauseBefore(undefined, 0, 1)).toBe(0);
});

test('a quarantine ends when the subject is well, that of another stays', () => {
  let book = quarantine(tried({}, KEY, 0), KEY, 'tried 3 times');
  const other = keyOf('restart', 'other-cache');
  book = quarantine(book, other, 'too');
  const after = settled(book, new Set(['other-cache']));
  expect(after[KEY]?.quarantined).toBeUndefined();
  expect(after[other]?.quarantined).toBe('too');
});

test('the book outlives the healer', async () => {
  const root = await temporaryFolder();
  expect(await readAttempts(root)).toEqual({});
  const book = quarantine(tried({}, KEY, 7), KEY, 'why');
  await writeAttempts(root, book);
  expect(await readAttempts(root)).toEqual(book);
});
