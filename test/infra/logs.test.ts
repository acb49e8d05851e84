import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { followLogs, type LogLine, parseLogLine, readLogs, readLogTail } from '../../src/infra/logs.ts';
import { systemClock } from '../../src/system/clock.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

async function stackWithLogs(logs: Record<string, string>): Promise<string> {
  const root = await temporaryFolder();
  await mkdir(join(root, '.qbtc', 'logs'), { recursive: true });
  for (const [name, text] of Object.entries(logs))
    await writeFile(join(root, '.qbtc', 'logs', `${name}.log`), text);
  return root;
}
const line = (timestamp: string, message: string) =>
  `${JSON.stringify({ timestamp, service: 's', level: 'info', message, context: {}, correlation_id: 'c-1' })}\n`;

describe('log lines', () => {
  test('are read in the schema of the stack, or as plain text', () => {
    const raw = line('2026-01-01T00:00:00.000Z', 'hello').trim();
    expect(parseLogLine('api', raw)).toEqual({
      source: 'api',
      timestamp: '2026-01-01T00:00:00.000Z',
      level: 'info',
      message: 'hello',
      correlationId: 'c-1',
      raw,
    });
    expect(parseLogLine('db', 'LOG: ready')).toEqual({
      source: 'db',
      message: 'LOG: ready',
      raw: 'LOG: ready',
    });
    fc.assert(fc.property(fc.string(), (text) => parseLogLine('x', text).raw === text));
  });

  test('the tail is exact for any lines, however long', async () => {
    const root = await stackWithLogs({});
    const lineOf = fc.string({ unit: fc.constantFrom('a', 'ü', '漢', ' '), minLength: 1, maxLength: 40_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(lineOf, { maxLength: 12 }),
        fc.integer({ min: 1, max: 8 }),
        async (lines, count) => {
          await writeFile(join(root, '.qbtc', 'logs', 'a.log'), lines.map((text) => `${text}\n`).join(''));
          expect(await readLogTail(root, 'a', count)).toEqual(lines.slice(-count));
        },
      ),
      { numRuns: 40 },
    );
    expect(await readLogTail(root, 'never-ran', 5)).toEqual([]);
  });

  test('of several processes come in the order of time; a line without one stays with its predecessor', async () => {
    const root = await stackWithLogs({
      a: line('2026-01-01T00:00:01.000Z', 'a1') + line('2026-01-01T00:00:04.000Z', 'a2'),
      b: `${line('2026-01-01T00:00:02.000Z', 'b1')}    at stack trace\n`,
    });
    expect((await readLogs(root, ['a', 'b'], 10)).map(({ message }) => message)).toEqual([
      'a1',
      'b1',
      '    at stack trace',
      'a2',
    ]);
  });

  test('are followed from now on, in pieces, and through a file that begins anew', async () => {
    const root = await stackWithLogs({ a: 'old\n' });
    const file = join(root, '.qbtc', 'logs', 'a.log');
    const seen: LogLine[] = [];
    const stop = new AbortController();
    let arrived: () => void = () => {};
    const following = followLogs(
      { clock: systemClock },
      root,
      ['a', 'late'],
      (found) => {
        seen.push(found);
        arrived();
      },
      stop.signal,
    );
    const next = () =>
      new Promise<void>((resolve) => {
        arrived = resolve;
      });
    await systemClock.sleep(50);
    let wait = next();
    await appendFile(file, 'half ');
    await appendFile(file, 'line\n');
    await wait;
    wait = next();
    await writeFile(join(root, '.qbtc', 'logs', 'late.log'), 'first\n');
    await wait;
    wait = next();
    await rm(file);
    await writeFile(file, 'new\n');
    await wait;
    stop.abort();
    await following;
    expect(seen.map(({ message }) => message)).toEqual(['half line', 'first', 'new']);
  });
});
