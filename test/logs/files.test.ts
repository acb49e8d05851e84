import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { followLogs, logPositions, readLogTail, readStartedLog } from '../../src/logs/files.ts';
import { createLogFilter } from '../../src/logs/filter.ts';
import { parseLogLine } from '../../src/logs/line.ts';
import { openLogs } from '../../src/logs/stack-logs.ts';
import type { LogLine } from '../../src/model/log.ts';
import { systemClock } from '../../src/system/clock.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

async function stackWithLogs(logs: Record<string, string>): Promise<string> {
  const root = await temporaryFolder();
  await mkdir(join(root, '.qbtc', 'logs'), { recursive: true });
  for (const [name, text] of Object.entries(logs))
    await writeFile(join(root, '.qbtc', 'logs', `${name}.log`), text);
  return root;
}
const line = (timestamp: string, message: string) =>
  `${JSON.stringify({ timestamp, service: 's', level: 'info', message, context: {}, correlation_id: 'c-1' })}\n`;

const logsOf = (root: string) => openLogs(quietContext(), { root, services: [] });

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

  test("are read in PostgreSQL's own form", () => {
    const read = (raw: string) => {
      const { timestamp, level, message } = parseLogLine('db', raw);
      return [timestamp, level, message];
    };
    expect(read('2026-11-21 00:32:06.779 UTC [12067] LOG:  database system is ready')).toEqual([
      '2026-11-21T00:32:06.779Z',
      'info',
      'database system is ready',
    ]);
    expect(read('2026-11-21 00:32:07.001 UTC [12070] FATAL:  role "x" does not exist')).toEqual([
      '2026-11-21T00:32:07.001Z',
      'fatal',
      'role "x" does not exist',
    ]);
    expect(read('2026-11-21 00:32:07.001 UTC [12070] STATEMENT:  SELECT 1')).toEqual([
      '2026-11-21T00:32:07.001Z',
      undefined,
      'STATEMENT: SELECT 1',
    ]);
    // In another zone the time is not known.
    expect(read('2026-11-21 00:32:07.001 CET [7] LOG:  x')[0]).toBeUndefined();
    expect(read('null')).toEqual([undefined, undefined, 'null']);
  });

  test('of PostgreSQL stand among those of the others', async () => {
    const root = await stackWithLogs({
      a: line('2026-01-01T00:00:01.000Z', 'a1') + line('2026-01-01T00:00:04.000Z', 'a2'),
      db: '2026-01-01 00:00:03.000 UTC [9] ERROR:  broken\n',
    });
    expect((await (await logsOf(root)).read(['a', 'db'], 2)).map(({ message }) => message)).toEqual([
      'broken',
      'a2',
    ]);
  });

  test('that are written between the reading and the following are neither lost nor told twice', async () => {
    const root = await stackWithLogs({ a: 'one\nhal' });
    const file = join(root, '.qbtc', 'logs', 'a.log');
    const positions = await logPositions(root, ['a', 'late']);
    await appendFile(file, 'f\nthree\n');
    await writeFile(join(root, '.qbtc', 'logs', 'late.log'), 'first\n');
    const seen = await readLogTail(root, 'a', 10, { end: positions.get('a') });
    expect(seen).toEqual(['one']);
    const stop = new AbortController();
    const onLine = ({ message }: LogLine) => {
      if (seen.push(message) === 4) stop.abort();
    };
    await followLogs({ clock: systemClock }, root, ['a', 'late'], onLine, stop.signal, positions);
    expect(seen).toEqual(['one', 'half', 'three', 'first']);
  });

  test('are whole when a character comes in two writes', async () => {
    const root = await stackWithLogs({ a: '' });
    const file = join(root, '.qbtc', 'logs', 'a.log');
    const bytes = Buffer.from('漢字\n');
    const stop = new AbortController();
    const seen: string[] = [];
    let polls = 0;
    const clock = {
      ...systemClock,
      // Between two looks at the file, one more byte.
      sleep: async () => {
        await appendFile(file, bytes.subarray(polls, polls + 1));
        polls += 1;
      },
    };
    const onLine = ({ message }: LogLine) => {
      seen.push(message);
      stop.abort();
    };
    await followLogs({ clock }, root, ['a'], onLine, stop.signal);
    expect(seen).toEqual(['漢字']);
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
    );
    expect(await readLogTail(root, 'never-ran', 5)).toEqual([]);
  });

  test('the tail of one start has nothing of those before', async () => {
    const root = await stackWithLogs({ a: 'SyntaxError\nnow 1\nnow 2\n' });
    const from = Buffer.byteLength('SyntaxError\n');
    const said = async (...range: [number, number | undefined]) =>
      (await readStartedLog(root, 'a', ...range)).map(({ message }) => message);
    expect(await said(10, from)).toEqual(['now 1', 'now 2']);
    expect(await said(1, from)).toEqual(['now 2']);
    // A log that is shorter by now was begun anew.
    expect(await said(10, 4_711)).toEqual(['SyntaxError', 'now 1', 'now 2']);
    expect(await said(10, undefined)).toEqual(['SyntaxError', 'now 1', 'now 2']);
  });

  test('without any time stand where the log was written last, and not before everything else', async () => {
    const root = await stackWithLogs({ a: line('2026-01-01T00:00:01.000Z', 'dated'), plain: 'print()\n' });
    const read = await (await logsOf(root)).read(['a', 'plain'], 1);
    expect(read.map(({ message }) => message)).toEqual(['print()']);
    expect(Date.parse(read[0]?.around ?? '')).toBeGreaterThan(Date.parse('2026-01-01'));
  });

  test('of several processes come in the order of time; a line without one stays with its predecessor', async () => {
    const root = await stackWithLogs({
      a: line('2026-01-01T00:00:01.000Z', 'a1') + line('2026-01-01T00:00:04.000Z', 'a2'),
      b: `${line('2026-01-01T00:00:02.000Z', 'b1')}    at stack trace\n`,
    });
    expect((await (await logsOf(root)).read(['a', 'b'], 10)).map(({ message }) => message)).toEqual([
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

describe('a log filter', () => {
  const at = (timestamp: string, level: string, message: string, correlationId?: string): LogLine => ({
    source: 'a',
    timestamp,
    level,
    message,
    raw: message,
    ...(correlationId === undefined ? {} : { correlationId }),
  });
  const plain = (raw: string): LogLine => ({ source: 'a', message: raw, raw });
  const lines = [
    plain('before everything'),
    at('2026-01-01T00:00:01.000Z', 'info', 'one', 'c-1'),
    at('2026-01-01T00:00:02.000Z', 'error', 'two'),
    plain('  at its stack'),
    at('2026-01-01T00:00:03.000Z', 'debug', 'three', 'c-1'),
    plain('said beside three'),
  ];
  const kept = (filter: Parameters<typeof createLogFilter>[0]) =>
    lines.filter(createLogFilter(filter)).map(({ message }) => message);

  test.each<[string, Parameters<typeof createLogFilter>[0], string[]]>([
    ['nothing given keeps all', {}, lines.map(({ message }) => message)],
    ['a level keeps what belongs to the line', { level: 'warn' }, ['two', '  at its stack']],
    [
      'a time',
      { since: Date.parse('2026-01-01T00:00:02.000Z') },
      ['two', '  at its stack', 'three', 'said beside three'],
    ],
    // A Python service prints its traceback behind the line with the id.
    [
      'a correlation id, with what belongs to the line',
      { correlationId: 'c-1' },
      ['one', 'three', 'said beside three'],
    ],
    ['a pattern', { grep: /^t[wh]/ }, ['two', 'three']],
    ['all of them', { grep: /o/, level: 'info', correlationId: 'c-1' }, ['one']],
  ])('%s', (_, filter, expected) => {
    expect(kept(filter)).toEqual(expected);
  });
});

test.each([
  [
    'RabbitMQ',
    '2026-11-21 03:40:00.123456+00:00 [warning] <0.220.0> disk is low',
    { timestamp: '2026-11-21T03:40:00.123Z', level: 'warn', message: 'disk is low' },
  ],
  [
    'Redis',
    '22651:M 21 Nov 2026 03:40:00.123 # Server started',
    { level: 'warn', message: 'Server started', timestamp: expect.stringMatching(/00\.123Z$/) },
  ],
])('a line of %s is understood', (_, raw, expected) => {
  expect(parseLogLine('broker', raw)).toEqual({ source: 'broker', raw, ...expected });
});
