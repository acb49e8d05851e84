import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PARSERS } from '../../src/logs/parsers/index.ts';
import { pairsIn } from '../../src/logs/parsers/logfmt.ts';
import { createLineReader } from '../../src/logs/reader.ts';
import { parseLogLine, readLog } from '../support/log-lines.ts';

const AT = '2026-11-29T13:45:22.123Z';
const EPOCH = Date.parse(AT);
/** The time of the machine, for forms without a zone. */
const local = (text: string) => new Date(text).toISOString();
const json = (fields: object) => JSON.stringify(fields);

/** Lines as these loggers have written them, and what they say. */
const WRITTEN: [form: string, line: string, timestamp: string | undefined, level: string, message: string][] =
  [
    ['qbtc', json({ timestamp: AT, service: 'api', level: 'warn', message: 'm' }), AT, 'warn', 'm'],
    ['pino', json({ level: 30, time: EPOCH, pid: 7, hostname: 'h', msg: 'm' }), AT, 'info', 'm'],
    [
      'bunyan',
      json({ name: 'shop', hostname: 'h', pid: 7, level: 50, msg: 'm', time: AT, v: 0 }),
      AT,
      'error',
      'm',
    ],
    ['winston', json({ level: 'info', message: 'm', timestamp: AT }), AT, 'info', 'm'],
    ['winston', json({ level: 'info', message: 'm', timestamp: String(EPOCH) }), AT, 'info', 'm'],
    ['winston', json({ level: 'http', message: 'm' }), undefined, 'info', 'm'],
    ['zap', json({ level: 'dpanic', ts: EPOCH / 1000, caller: 'a.go:7', msg: 'm' }), AT, 'fatal', 'm'],
    ['logrus', json({ level: 'warning', msg: 'm', time: AT }), AT, 'warn', 'm'],
    ['structlog', json({ event: 'm', level: 'debug', timestamp: AT }), AT, 'debug', 'm'],
    [
      'python-json-logger',
      json({ asctime: '2026-11-29 13:45:22,123', levelname: 'CRITICAL', name: 'app', message: 'm' }),
      local('2026-11-29T13:45:22.123'),
      'fatal',
      'm',
    ],
    [
      'ECS',
      json({ '@timestamp': AT, 'log.level': 'error', message: 'm', 'ecs.version': '8' }),
      AT,
      'error',
      'm',
    ],
    ['ECS', json({ '@timestamp': AT, log: { level: 'WARN' }, message: 'm' }), AT, 'warn', 'm'],
    ['Serilog', json({ '@t': AT, '@mt': 'm' }), AT, 'info', 'm'],
    ['Serilog', json({ '@t': AT, '@m': 'm', '@l': 'Fatal' }), AT, 'fatal', 'm'],
    ['JSON', json({ severity: 'NOTICE', time: AT, message: 'm' }), AT, 'info', 'm'],
    ['logfmt', `time="${AT}" level=info msg="a \\"b\\"" port=80`, AT, 'info', 'a "b"'],
    ['logfmt', `ts=${EPOCH / 1000} lvl=error msg=m err=`, AT, 'error', 'm'],
    [
      'Nest',
      '[Nest] 7  - 11/29/2026, 6:11:05 PM     LOG [NestFactory] Starting Nest application... +5ms',
      local('2026-11-29T18:11:05'),
      'info',
      'Starting Nest application...',
    ],
    [
      'Nest',
      '\u001b[32m[Nest] 7  - \u001b[39m29/11/2026, 12:11:05\u001b[31m   ERROR\u001b[39m \u001b[38;5;3m[Orders] \u001b[39m\u001b[31mno stock\u001b[39m',
      local('2026-11-29T12:11:05'),
      'error',
      'no stock',
    ],
    [
      'Nest (JSON)',
      json({ level: 'verbose', pid: 7, timestamp: EPOCH, message: 'm', context: 'Orders' }),
      AT,
      'debug',
      'm',
    ],
    ['klog', 'W1129 13:45:22.123456       7 main.go:12] m', local('2026-11-29T13:45:22.123'), 'warn', 'm'],
    [
      'gunicorn',
      '[2026-11-29 13:45:22 +0000] [7] [INFO] Booting worker with pid: 9',
      '2026-11-29T13:45:22.000Z',
      'info',
      'Booting worker with pid: 9',
    ],
    ['uvicorn', 'INFO:     Started server process [7]', undefined, 'info', 'Started server process [7]'],
    ['uvicorn', 'WARNING:  m', undefined, 'warn', 'm'],
    ['uvicorn', 'CRITICAL: m', undefined, 'fatal', 'm'],
    [
      'Python logging',
      '2026-11-29 13:45:22,123 - app.orders - WARNING - m',
      local('2026-11-29T13:45:22.123'),
      'warn',
      'm',
    ],
    ['Python logging (basic)', 'ERROR:app.orders:m', undefined, 'error', 'm'],
    [
      'loguru',
      '2026-11-29 13:45:22.123 | SUCCESS  | app.main:<module>:12 - m',
      local('2026-11-29T13:45:22.123'),
      'info',
      'm',
    ],
    ['Spring Boot', `${AT}  INFO 7 --- [shop] [main] c.e.Application : Started`, AT, 'info', 'Started'],
    ['Spring Boot', `${AT} ERROR 7 --- [           main] c.e.Application     : m`, AT, 'error', 'm'],
    ['winston (simple)', 'warn: m', undefined, 'warn', 'm'],
    ['RabbitMQ', '2026-11-29 13:45:22.123456+00:00 [notice] <0.220.0> m', AT, 'info', 'm'],
    ['Redis', '7:M 29 Nov 2026 13:45:22.123 # m', local('2026-11-29T13:45:22.123'), 'warn', 'm'],
    ['PostgreSQL', '2026-11-29 13:45:22.123 UTC [7] LOG:  m', AT, 'info', 'm'],
    [
      'access log',
      '127.0.0.1 - - [29/Nov/2026 13:45:22] "GET / HTTP/1.1" 200 -',
      local('2026-11-29T13:45:22'),
      'info',
      '"GET / HTTP/1.1" 200 -',
    ],
    ['text with a time', '2026-11-29T13:45:22Z [info     ] m', '2026-11-29T13:45:22.000Z', 'info', 'm'],
    ['text with a time', '2026/11/29 13:45:22 m', local('2026-11-29T13:45:22'), '', 'm'],
    ['text with a time', '2026-11-29T13:45:22Z warn: m', '2026-11-29T13:45:22.000Z', 'warn', 'm'],
    // A sentence may begin with the word of a level.
    [
      'text with a time',
      '2026-11-29T13:45:22Z error opening m',
      '2026-11-29T13:45:22.000Z',
      'error',
      'error opening m',
    ],
    [
      'text with a time',
      '2026-11-29T13:45:22Z warn-only m',
      '2026-11-29T13:45:22.000Z',
      'warn',
      'warn-only m',
    ],
    [
      'text with a time',
      '[2026-11-29 13:45:22,123] INFO in app: m',
      local('2026-11-29T13:45:22.123'),
      'info',
      'in app: m',
    ],
  ];

describe('a line as its logger wrote it', () => {
  test.each(WRITTEN)('%s: %s', (form, raw, timestamp, level, message) => {
    const reader = createLineReader({ now: Date.parse('2026-12-24T00:00:00Z') });
    expect(reader.read(raw)).toMatchObject({ form, message });
    expect(reader.read(raw).timestamp).toBe(timestamp);
    expect(reader.read(raw).level ?? '').toBe(level);
  });

  test('there is one of every form', () => {
    expect(
      PARSERS.map(({ name }) => name).filter((name) => !WRITTEN.some(([form]) => form === name)),
    ).toEqual([]);
  });

  test('klog names no year: the last in which that day has been', () => {
    const reader = createLineReader({ now: Date.parse('2027-01-02T00:00:00Z') });
    expect(reader.read('I1231 13:45:22.123456 7 a.go:1] m').timestamp).toBe(local('2026-12-31T13:45:22.123'));
    expect(reader.read('I0101 13:45:22.123456 7 a.go:1] m').timestamp).toBe(local('2027-01-01T13:45:22.123'));
  });
});

describe('which form it is', () => {
  const formsOf = (lines: string[]) => readLog('api', lines).map(({ form }) => form);

  test('is told of a loose one by the first lines, and kept', () => {
    expect(formsOf(['INFO:root:a', 'WARNING:app:b', 'done'])).toEqual([
      'Python logging (basic)',
      'Python logging (basic)',
      undefined,
    ]);
    // Prose that looks like it once.
    const prose = ['Starting the shop', 'Listening on 3000', 'ready', 'INFO:shop:3 open orders'];
    expect(formsOf(prose)).toEqual([undefined, undefined, undefined, undefined]);
    const reader = createLineReader();
    reader.learn(prose);
    expect(reader.read('INFO:root:a')).toEqual({ message: 'INFO:root:a' });
  });

  test('is found of each line of a process that writes in several', () => {
    expect(
      formsOf([
        '[2026-11-29 13:45:22 +0000] [7] [INFO] Listening at: http://0.0.0.0:8000 (7)',
        'WARNING:pika:closed',
        '127.0.0.1 - - [29/Nov/2026:13:45:22 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"',
        'Traceback (most recent call last):',
      ]),
    ).toEqual(['gunicorn', 'Python logging (basic)', 'access log', undefined]);
  });

  test.each([
    'a=b',
    'level=info',
    'x level=info msg=m',
    'see msg=1 level = 2',
    'Error: a=b',
    'E=mc2 msg=',
  ])('%s is no logfmt', (raw) =>
    expect(parseLogLine('api', raw)).toEqual({ source: 'api', raw, message: raw }));
});

describe('the id of a request', () => {
  const idOf = (raw: string, correlation: string[]) =>
    createLineReader({ correlation }).read(raw).correlationId;

  test.each<[string, string, string[]]>([
    ['a field', json({ level: 30, time: 1, msg: 'm', requestId: 'c-1' }), ['requestId']],
    ['in an object', json({ level: 30, time: 1, msg: 'm', req: { id: 'c-1' } }), ['req.id']],
    ['a name with dots', json({ '@timestamp': AT, message: 'm', 'trace.id': 'c-1' }), ['trace.id']],
    ['below context', json({ level: 'info', message: 'm', context: { rid: 'c-1' } }), ['rid']],
    ['logfmt', 'level=info msg=m request_id=c-1', ['request_id']],
    ['Nest', '[Nest] 7  - 11/29/2026, 6:11:05 PM     LOG [A] m (traceId: c-1)', ['traceId']],
    ['plain text', 'did it [correlation_id=c-1]', ['correlation_id']],
    ['the first name that is there', 'a=1 b=2 c-1 x=c-1', ['y', 'x']],
  ])('%s', (_, raw, names) => expect(idOf(raw, names)).toBe('c-1'));

  test('is none of a name that only ends so', () => {
    expect(idOf('my_request_id=c-1', ['request_id'])).toBeUndefined();
    expect(idOf(json({ level: 30, time: 1, msg: 'm', req: 'c-1' }), ['req.id'])).toBeUndefined();
  });

  test('that is a number is told as it is written', () => {
    expect(idOf(json({ level: 30, time: 1, msg: 'm', reqId: 7 }), ['reqId'])).toBe('7');
  });
});

test('whatever is written, the bytes of a line stay, and nothing throws', () => {
  const pieces = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(...WRITTEN.map(([, line]) => line)),
    fc.json(),
    fc.constantFrom('{', '"', '=', '[Nest] ', '\\', '[', 'level=', '\u001b[31m', '__proto__', '+00:00'),
  );
  fc.assert(
    fc.property(fc.array(fc.array(pieces, { maxLength: 4 }).map((parts) => parts.join(''))), (lines) => {
      const read = readLog('api', lines);
      expect(read.map(({ raw }) => raw)).toEqual(lines);
      for (const { form, message, raw } of read) if (form === undefined) expect(message).toBe(raw);
    }),
  );
});

test('logfmt is read as it is written', () => {
  const name = fc.stringMatching(/^[a-z_.]{1,8}$/);
  fc.assert(
    fc.property(fc.dictionary(name, fc.string(), { minKeys: 1 }), (fields) => {
      const text = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
      expect(pairsIn(text.join(' '))).toEqual({ ...fields });
    }),
  );
});
