import { describe, expect, test } from 'vitest';
import { allDocuments, documents } from './documents/index.ts';
import { createReporter } from './reporter.ts';

const json = createReporter('json', { width: 80, color: true, verbose: false });

test.each(allDocuments)('$kind is one JSON document', (document) => {
  expect(typeof JSON.parse(json(document))).toBe('object');
});

test('a plan without changes is {changes: [], leftovers: []}', () => {
  expect(JSON.parse(json({ kind: 'plan', subject: 'routes', stack: 'acme', changes: [] }))).toEqual({
    changes: [],
    leftovers: [],
  });
});

test('status has these members and no others, in this order', () => {
  const status = JSON.parse(json(documents.status));
  expect(Object.keys(status)).toEqual(['stack', 'strategy', 'supervisor', 'resources']);
  expect(status.supervisor).toEqual({ pid: 4711 });
  expect(status.resources[0]).toEqual({
    name: 'broker',
    kind: 'rabbitmq',
    provider: 'embedded',
    state: 'active',
    reason: '',
    pid: 4712,
    ports: [5672, 15672],
    restarts: 0,
    health: { version: '0.1.0' },
  });
  expect(status.resources[1]).toMatchObject({ pid: null, health: null });
});

test('score has these members and no others', () => {
  const score = JSON.parse(json(documents.score));
  expect(Object.keys(score)).toEqual([
    'stack',
    'strategy',
    'profile',
    'takenAt',
    'total',
    'max',
    'adjusted',
    'grade',
    'failures',
    'gains',
    'undeclared',
    'lapsed',
    'components',
    'notMeasured',
    'target',
    'tookMs',
    'comparison',
  ]);
  expect(Object.keys(score.components[0])).toEqual(['name', 'points', 'max', 'checks']);
});

test('an error has its code, message, details and hint', () => {
  expect(JSON.parse(json(documents.error))).toEqual({
    error: {
      code: 'PORT_TAKEN',
      message: 'not all ports of the stack are free',
      details: ['port 5432 (database) is held by postgres (pid 812)'],
      hint: expect.stringContaining('ports.base'),
    },
  });
});

test('an outcome is its change with what became of it', () => {
  expect(JSON.parse(json(documents.applied)).changes[1]).toEqual({
    action: 'create',
    kind: 'exchange',
    name: 'qbtc.topic',
    status: 'failed',
    reason: expect.stringContaining('PRECONDITION_FAILED'),
  });
});

describe('a log line', () => {
  // As the logs are read, with more than what is declared.
  const line = { source: 'llm-api', level: 'info', message: 'ready', raw: '{"message":"ready","secret":1}' };
  const lines = [line, { source: 'broker', message: 'up', correlationId: 'c', raw: 'up' }];
  const declared = [
    { source: 'llm-api', level: 'info', message: 'ready' },
    { source: 'broker', message: 'up', correlationId: 'c' },
  ];

  test('has the declared fields and no others', () => {
    expect(JSON.parse(json({ kind: 'logs', lines }))).toEqual({ lines: declared });
  });

  test('is one object a line where lines go on', () => {
    const print = createReporter('json-lines', { width: 80, color: true, verbose: false });
    const printed = print({ kind: 'logs', lines });
    expect(printed.split('\n').map((each) => JSON.parse(each))).toEqual(declared);
  });
});

const others = allDocuments.filter(({ kind }) => kind !== 'logs');
test.each(others)('$kind takes one line where one object a line is asked for', (document) => {
  const print = createReporter('json-lines', { width: 80, color: true, verbose: false });
  expect(print(document)).toBe(JSON.stringify(JSON.parse(json(document))));
});
