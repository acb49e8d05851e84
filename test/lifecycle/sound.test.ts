import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unlessSound } from '../../src/lifecycle/sound.ts';
import type { Finding } from '../../src/model/finding.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

const FAULT: Finding = { code: 'x', severity: 'error', subject: 'a', message: 'is wrong', fix: '' };

async function looker(mayWrite = true) {
  const root = await temporaryFolder();
  const kept = join(root, '.qbtc', 'sound.json');
  let looks = 0;
  const look = (subject: string, hangsOn: readonly string[] | Error, found: Finding[] = []) =>
    unlessSound(
      { stack: emptyStack(root), mayWrite },
      subject,
      async () => {
        if (hangsOn instanceof Error) throw hangsOn;
        return hangsOn;
      },
      async () => {
        looks += 1;
        return found;
      },
    );
  return { kept, look, looks: () => looks };
}

test('what was found without fault is looked at again when what it hangs on is something else', async () => {
  const { look, looks } = await looker();
  for (let time = 0; time < 3; time += 1) expect(await look('flows', ['a', 'b'])).toEqual([]);
  expect(looks()).toBe(1);
  await look('contracts', ['a', 'b']);
  expect(looks()).toBe(2);
  // The same letters in other texts.
  for (const hangsOn of [['ab'], ['a', 'b', ''], ['', 'ab'], ['b', 'a'], ['a']]) await look('flows', hangsOn);
  expect(looks()).toBe(7);
  // The last one is what is remembered.
  await look('flows', ['a']);
  await look('flows', ['a', 'b']);
  expect(looks()).toBe(8);
});

test('a fault is told each time, and what was remembered before says nothing about it', async () => {
  const { look, looks } = await looker();
  await look('flows', ['sound']);
  for (let time = 0; time < 2; time += 1) expect(await look('flows', ['broken'], [FAULT])).toEqual([FAULT]);
  expect(looks()).toBe(3);
  await look('flows', ['sound']);
  expect(looks()).toBe(3);
});

test('what cannot be read is looked at', async () => {
  const { look, looks } = await looker();
  await look('flows', ['a']);
  for (let time = 0; time < 2; time += 1)
    expect(await look('flows', new Error('EACCES'), [FAULT])).toEqual([FAULT]);
  expect(looks()).toBe(3);
});

test('a look that writes nothing remembers nothing', async () => {
  const { kept, look, looks } = await looker(false);
  await look('flows', ['a']);
  await look('flows', ['a']);
  expect(looks()).toBe(2);
  await expect(stat(kept)).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each(['', '{', '[]', '{"flows":1}'])('a file that says %j is made anew', async (text) => {
  const { kept, look, looks } = await looker();
  await look('flows', ['a']);
  const whole = await readFile(kept, 'utf8');
  await writeFile(kept, text);
  await look('flows', ['a']);
  expect(looks()).toBe(2);
  expect(await readFile(kept, 'utf8')).toBe(whole);
});

test('subjects that are looked at at once are all remembered', async () => {
  const { look, looks } = await looker();
  const subjects = ['flows', 'contracts', 'gateway', '__proto__', 'constructor'];
  for (let time = 0; time < 2; time += 1) await Promise.all(subjects.map((subject) => look(subject, ['a'])));
  // A name of JavaScript's own is never kept, and never taken for kept.
  expect(looks()).toBeGreaterThanOrEqual(subjects.length);
  expect(looks()).toBeLessThanOrEqual(subjects.length + 1);
});
