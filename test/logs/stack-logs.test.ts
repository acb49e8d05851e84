import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLogFilter } from '../../src/logs/filter.ts';
import { openLogs } from '../../src/logs/stack-logs.ts';
import type { LogLine } from '../../src/model/log.ts';
import { parseLogLine } from '../support/log-lines.ts';
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
      form: 'qbtc',
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

  test('are followed: those of all parts in the order of time, then each that comes, once', async () => {
    const root = await stackWithLogs({
      a: `${line('2026-01-01T00:00:02.000Z', 'a1')}hal`,
      b: line('2026-01-01T00:00:01.000Z', 'b1'),
    });
    const seen: LogLine[] = [];
    const stop = new AbortController();
    const onLine = (found: LogLine) => {
      seen.push(found);
      if (found.message === 'a1') void appendFile(join(root, '.qbtc', 'logs', 'a.log'), 'f\n');
      if (found.message === 'half')
        void writeFile(join(root, '.qbtc', 'logs', 'late.log'), line('2026-01-01T00:00:00.000Z', 'late'));
      if (found.message === 'late') stop.abort();
    };
    await (await logsOf(root)).follow(['a', 'b', 'late'], 10, {}, onLine, stop.signal);
    expect(seen.map(({ message }) => message)).toEqual(['b1', 'a1', 'half', 'late']);
    // It was written before it was read.
    expect(Date.parse(seen[2]?.around ?? '')).toBeGreaterThan(Date.parse('2026-01-01'));
  });

  test('of two processes are followed together: through one that begins anew, each behind its own last line', async () => {
    const grave = (message: string) => `${JSON.stringify({ level: 'error', message })}\n`;
    const mild = (message: string) => `${JSON.stringify({ level: 'info', message })}\n`;
    const root = await stackWithLogs({ a: grave('a failed'), b: mild('b is well') });
    const file = (name: string) => join(root, '.qbtc', 'logs', `${name}.log`);
    const stop = new AbortController();
    const seen: string[] = [];
    const writes: Record<string, () => Promise<unknown>> = {
      // What belongs to a line that was read before passes with it, and nothing of the other's does.
      'a failed': () => Promise.all([appendFile(file('a'), '  at a\n'), appendFile(file('b'), '  at b\n')]),
      '  at a': () => writeFile(file('b'), grave('b')),
      b: () => appendFile(file('a'), mild('a is well') + grave('a failed again')),
      'a failed again': async () => stop.abort(),
    };
    const onLine = ({ message }: LogLine) => {
      seen.push(message);
      void writes[message]?.();
    };
    await (await logsOf(root)).follow(['a', 'b'], 10, { level: 'error' }, onLine, stop.signal);
    expect(seen).toEqual(['a failed', '  at a', 'b', 'a failed again']);
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
  expect(parseLogLine('broker', raw)).toMatchObject({ source: 'broker', raw, ...expected });
});
