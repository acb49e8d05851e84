import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endOfLines, followLog, readLogTail } from '../../../src/runtimes/processes/log-files.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';

/** A stack whose process `a` has written this, and the file that it wrote to. */
async function stackWithLog(text: string): Promise<{ root: string; file: string }> {
  const root = await temporaryFolder();
  const file = join(root, '.qbtc', 'logs', 'a.log');
  await mkdir(join(root, '.qbtc', 'logs'), { recursive: true });
  await writeFile(file, text);
  return { root, file };
}

/** Follows until so many lines are there. */
async function following(root: string, from: number, count: number, clock = systemClock): Promise<string[]> {
  const stop = new AbortController();
  const seen: string[] = [];
  const onLine = (line: string) => {
    if (seen.push(line) === count) stop.abort();
  };
  await followLog({ clock }, root, 'a', from, onLine, stop.signal);
  return seen;
}

describe('the log of a process', () => {
  test('is read to the end of its last whole line and followed from there: nothing is lost or told twice', async () => {
    const { root, file } = await stackWithLog('one\nhal');
    const end = await endOfLines(root, 'a');
    expect(end).toBe(4);
    await appendFile(file, 'f\nthree\n');
    expect(await readLogTail(root, 'a', 10, { end })).toEqual(['one']);
    expect(await following(root, end, 2)).toEqual(['half', 'three']);
  });

  test('is followed from its first line where there is none yet', async () => {
    const { root, file } = await stackWithLog('');
    await rm(file);
    expect(await endOfLines(root, 'a')).toBe(0);
    const seen = following(root, 0, 1);
    await writeFile(file, 'first\n');
    expect(await seen).toEqual(['first']);
  });

  test('is whole when a character comes in two writes', async () => {
    const { root, file } = await stackWithLog('');
    const bytes = Buffer.from('漢字\n');
    let looks = 0;
    const clock = {
      ...systemClock,
      // Between two looks at the file, one more byte.
      sleep: async () => {
        await appendFile(file, bytes.subarray(looks, looks + 1));
        looks += 1;
      },
    };
    expect(await following(root, 0, 1, clock)).toEqual(['漢字']);
  });

  test('is followed in pieces, and through a file that begins anew', async () => {
    const { root, file } = await stackWithLog('an old line\n');
    const writes = [
      () => appendFile(file, 'half '),
      () => appendFile(file, 'line\n'),
      async () => {
        await rm(file);
        await writeFile(file, 'new\n');
      },
    ];
    const clock = { ...systemClock, sleep: async () => void (await writes.shift()?.()) };
    expect(await following(root, await endOfLines(root, 'a'), 2, clock)).toEqual(['half line', 'new']);
  });

  test('has an exact tail for any lines, however long', async () => {
    const { root, file } = await stackWithLog('');
    const lineOf = fc.string({ unit: fc.constantFrom('a', 'ü', '漢', ' '), minLength: 1, maxLength: 40_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(lineOf, { maxLength: 12 }),
        fc.integer({ min: 1, max: 8 }),
        async (lines, count) => {
          await writeFile(file, lines.map((text) => `${text}\n`).join(''));
          expect(await readLogTail(root, 'a', count)).toEqual(lines.slice(-count));
        },
      ),
    );
    expect(await readLogTail(root, 'never-ran', 5)).toEqual([]);
  });

  test('of one start has nothing of those before', async () => {
    const { root } = await stackWithLog('SyntaxError\nnow 1\nnow 2\n');
    const said = (lines: number, from: number | undefined) => readLogTail(root, 'a', lines, { from });
    const from = Buffer.byteLength('SyntaxError\n');
    expect(await said(10, from)).toEqual(['now 1', 'now 2']);
    expect(await said(1, from)).toEqual(['now 2']);
    // A log that is shorter by now was begun anew.
    expect(await said(10, 4_711)).toEqual(['SyntaxError', 'now 1', 'now 2']);
    expect(await said(10, undefined)).toEqual(['SyntaxError', 'now 1', 'now 2']);
  });
});
