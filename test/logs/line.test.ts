import { describe, expect, test } from 'vitest';
import { dated } from '../../src/logs/dated.ts';
import { parseLogLine } from '../support/log-lines.ts';

const read = (fields: object | string) => {
  const raw = typeof fields === 'string' ? fields : JSON.stringify(fields);
  const { source: _, raw: __, form: ___, ...line } = parseLogLine('api', raw);
  return line;
};

describe('the error beside a message', () => {
  const schema = { timestamp: '2026-01-01T00:00:00.000Z', service: 'api', level: 'error' };

  test('is told with its causes and its code, as the runtime of the stack writes it', () => {
    const error = {
      name: 'DatabaseError',
      message: 'relation "orders" does not exist',
      code: '42P01',
      stack: 'DatabaseError: relation "orders" does not exist\n    at query (main.ts:3:1)',
      cause: { name: 'Error', message: 'read ECONNRESET', stack: 'Error: read ECONNRESET\n    at socket' },
    };
    expect(read({ ...schema, message: 'could not answer', context: { error, attempt: 3 } })).toEqual({
      timestamp: schema.timestamp,
      level: 'error',
      message: 'could not answer',
      error: {
        message: 'DatabaseError: relation "orders" does not exist: read ECONNRESET (42P01)',
        stack: `${error.stack}\ncaused by ${error.cause.stack}`,
      },
      fields: { attempt: 3 },
    });
  });

  test.each<[string, object, string, boolean]>([
    [
      'pino: err',
      { msg: 'no', err: { type: 'TypeError', message: 'x', stack: 'TypeError: x\n at y' } },
      'TypeError: x',
      true,
    ],
    ['a text', { message: 'no', context: { error: '403 ACCESS_REFUSED' } }, '403 ACCESS_REFUSED', false],
    [
      'a stack as a text (embedded broker)',
      { message: 'no', context: { error: 'Error: full\n    at write' } },
      'Error: full',
      true,
    ],
    [
      'structlog',
      { event: 'no', exception: 'Traceback (most recent call last):\n  File "a.py"\nKeyError: 3\n' },
      'KeyError: 3',
      true,
    ],
    [
      'python-json-logger',
      { message: 'no', exc_info: 'Traceback (most recent call last):\nValueError: 4' },
      'ValueError: 4',
      true,
    ],
    ['ECS', { message: 'no', 'error.message': 'broken', 'error.stack_trace': 'a\nb' }, 'broken', true],
    [
      'ECS, nested',
      { message: 'no', error: { message: 'broken', type: 'E', stack_trace: 'a\nb' } },
      'E: broken',
      true,
    ],
    ['OpenTelemetry', { message: 'no', 'exception.message': 'm', 'exception.stacktrace': 'a\nb' }, 'm', true],
    [
      'zap',
      { msg: 'no', error: 'dial tcp: refused', stacktrace: 'main.go\nmain.go' },
      'dial tcp: refused',
      true,
    ],
    ['winston', { message: 'no', stack: 'Error: w\n    at z' }, 'Error: w', true],
    [
      'several',
      {
        message: 'no',
        error: { name: 'AggregateError', message: '', errors: [{ message: 'a' }, { message: 'b' }] },
      },
      'AggregateError: a, b',
      true,
    ],
  ])('%s', (_, fields, message, hasStack) => {
    const { error } = read(fields);
    expect(error?.message).toBe(message);
    expect(error?.stack !== undefined).toBe(hasStack);
  });

  test('is none where a field of that name says nothing', () => {
    expect(read({ message: 'ok', error: false, err: null, exc_info: true })).toEqual({
      message: 'ok',
      fields: { error: false, err: null, exc_info: true },
    });
  });
});

describe('the time and the level', () => {
  test.each<[string, object | string, string, string | undefined, string]>([
    [
      'the gateway, with an offset',
      { timestamp: '2026-11-29T13:45:22+00:00', level: 'info', message: 'GET /' },
      '2026-11-29T13:45:22.000Z',
      'info',
      'GET /',
    ],
    [
      'another zone',
      { timestamp: '2026-11-29T14:45:22.5+01:00', message: 'm' },
      '2026-11-29T13:45:22.500Z',
      undefined,
      'm',
    ],
    ['pino', { level: 50, time: 1764423922123, msg: 'm' }, '2025-11-29T13:45:22.123Z', 'error', 'm'],
    ['zap', { level: 'WARNING', ts: 1764423922.123, msg: 'm' }, '2025-11-29T13:45:22.123Z', 'warn', 'm'],
    [
      'nginx, access',
      '127.0.0.1 - - [29/Nov/2026:14:45:22 +0100] "GET / HTTP/1.1" 200 5',
      '2026-11-29T13:45:22.000Z',
      'info',
      '"GET / HTTP/1.1" 200 5',
    ],
    [
      'printed, with a zone',
      '2026-11-29T13:45:22.123456Z WARN disk',
      '2026-11-29T13:45:22.123Z',
      'warn',
      'disk',
    ],
    ['in brackets', '[2026-11-29 13:45:22Z] [error] down', '2026-11-29T13:45:22.000Z', 'error', 'down'],
  ])('%s', (_, written, timestamp, level, message) => {
    expect(read(written)).toMatchObject({ timestamp, message });
    expect(read(written).level).toBe(level);
  });

  test('without a zone, it is the time of the machine: nginx and Python', () => {
    const local = (text: string) => new Date(text).toISOString();
    expect(read('2026/11/29 13:45:22 [crit] 7#7: *1 no space')).toEqual({
      timestamp: local('2026-11-29T13:45:22'),
      level: 'fatal',
      message: '7#7: *1 no space',
    });
    expect(read('2026-11-29 13:45:22,123 - ERROR - no')).toEqual({
      timestamp: local('2026-11-29T13:45:22.123'),
      level: 'error',
      message: 'no',
    });
  });

  test.each([
    '2026-99-99T99:99:99Z x',
    '2026',
    '[info] x',
    'Traceback',
    '{"message": 3}',
    '[1]',
    '{}',
    '{"timestamp":',
  ])('%s is a plain line', (raw) => expect(read(raw)).toEqual({ message: raw }));

  test('of a plain line are those of the lines beside it, or the latest that they can be', () => {
    const plain = parseLogLine('api', 'plain');
    const timed = parseLogLine('api', '{"timestamp":"2026-01-01T00:00:01Z","message":"m"}');
    const at = '2026-01-01T00:00:01.000Z';
    expect(dated([plain, timed, plain], 'late').map(({ around }) => around)).toEqual([at, undefined, at]);
    expect(dated([plain], 'late')[0]?.around).toBe('late');
    expect(dated([plain])[0]).toEqual(plain);
  });
});
