import fc from 'fast-check';
import { expect, test } from 'vitest';
import { healthDetails } from '../../src/health/details.ts';
import { actuator } from '../../src/health/forms/actuator.ts';
import { FORMS } from '../../src/health/forms/index.ts';

/** Documents as their libraries write them: what is well, and what is not and why. */
const WRITTEN: [
  form: string,
  document: Record<string, unknown>,
  well: string[],
  unwell: Record<string, string>,
][] = [
  [
    'checks',
    { service: 'a', checks: { db: { status: 'healthy' }, mq: { status: 'unhealthy', reason: 'refused' } } },
    ['db'],
    { mq: 'refused' },
  ],
  [
    'Terminus',
    {
      status: 'error',
      info: { disk: { status: 'up' } },
      error: { database: { status: 'down', message: 'timeout of 1000ms exceeded' } },
      details: {
        disk: { status: 'up' },
        database: { status: 'down', message: 'timeout of 1000ms exceeded' },
      },
    },
    ['disk'],
    { database: 'timeout of 1000ms exceeded' },
  ],
  ['Terminus', { status: 'ok', info: {}, error: {}, details: {} }, [], {}],
  [
    'Actuator',
    {
      status: 'DOWN',
      components: {
        db: {
          status: 'DOWN',
          components: {
            primary: { status: 'UP', details: { database: 'PostgreSQL' } },
            replica: { status: 'DOWN', details: { error: 'CannotGetJdbcConnectionException' } },
          },
        },
        ping: { status: 'UP' },
        rabbit: { status: 'OUT_OF_SERVICE' },
      },
    },
    ['db/primary', 'ping'],
    { 'db/replica': 'CannotGetJdbcConnectionException', rabbit: 'OUT_OF_SERVICE' },
  ],
  ['Actuator', { status: 'UP', groups: ['liveness'], components: { ping: { status: 'UP' } } }, ['ping'], {}],
  [
    'ASP.NET',
    {
      status: 'Degraded',
      totalDuration: '00:00:00.01',
      entries: {
        npgsql: { status: 'Healthy', duration: '00:00:00.01', data: {}, tags: [] },
        rabbit: { status: 'Degraded', description: 'slow', data: {}, tags: [] },
      },
    },
    ['npgsql'],
    { rabbit: 'slow' },
  ],
  [
    'ASP.NET',
    {
      status: 'Healthy',
      results: { sample: { status: 'Healthy', description: 'A healthy result.', data: {} } },
    },
    ['sample'],
    {},
  ],
  [
    'MicroProfile',
    {
      status: 'DOWN',
      checks: [
        { name: 'db', status: 'UP', data: {} },
        { name: 'mq', status: 'DOWN' },
      ],
    },
    ['db'],
    { mq: 'DOWN' },
  ],
  [
    'health+json',
    {
      status: 'fail',
      version: '1',
      checks: {
        'cassandra:responseTime': [{ componentId: 'x', status: 'pass', observedValue: 250 }],
        'memory:utilization': [{ status: 'fail', output: 'no memory left' }],
      },
    },
    ['cassandra:responseTime'],
    { 'memory:utilization': 'no memory left' },
  ],
  [
    'go-health',
    {
      status: 'failed',
      details: {
        redis: { name: 'redis', status: 'ok', check_time: '2026-11-29T13:45:22Z' },
        db: { name: 'db', status: 'failed', err: 'dial tcp: connection refused', fatal: true },
      },
    },
    ['redis'],
    { db: 'dial tcp: connection refused' },
  ],
  [
    'go-health',
    {
      status: 'Partially Available',
      failures: { rabbitmq: 'dial tcp: refused' },
      system: { version: 'go1' },
    },
    [],
    { rabbitmq: 'dial tcp: refused' },
  ],
  [
    'JSON',
    { status: 'ok', uptime: 12.4, database: 'connected', broker: 'disconnected', version: '1.0' },
    ['database'],
    { broker: 'disconnected' },
  ],
  [
    'JSON',
    { ok: true, services: { mongo: { connected: true }, kafka: { ok: false, error: 'no leader' } } },
    ['mongo'],
    { kafka: 'no leader' },
  ],
  ['JSON', { ok: true }, [], {}],
  ['JSON', { status: 'UP' }, [], {}],
];

test.each(WRITTEN)('%s: %j', (form, document, well, unwell) => {
  const read = healthDetails(document);
  expect(read.form).toBe(form);
  expect(read.details.filter((detail) => detail.well).map(({ name }) => name)).toEqual(well);
  expect(
    Object.fromEntries(read.details.flatMap((each) => (each.well ? [] : [[each.name, each.said]]))),
  ).toEqual(unwell);
});

test('there is a document of every form', () => {
  expect(FORMS.map(({ name }) => name).filter((name) => !WRITTEN.some(([form]) => form === name))).toEqual(
    [],
  );
});

test('a plain OK and an empty 204 are answers without details', () => {
  expect(healthDetails(undefined)).toEqual({ form: 'text', details: [] });
});

test('what is said is one line', () => {
  const db = { status: 'down', message: 'Error: no\n    at a.ts:1' };
  expect(healthDetails({ checks: { db } }).details).toEqual([
    { name: 'db', well: false, said: 'Error: no at a.ts:1' },
  ]);
});

test('a word that nobody knows is none that says it is well', () => {
  expect(healthDetails({ checks: { db: { status: 'wobbly' } } }).details).toEqual([
    { name: 'db', well: false, said: 'wobbly' },
  ]);
});

test('whatever a document holds, it is read', () => {
  const member = fc.constantFrom(
    'checks',
    'details',
    'info',
    'error',
    'components',
    'entries',
    'results',
    'failures',
    'status',
    'services',
  );
  fc.assert(
    fc.property(fc.dictionary(member, fc.jsonValue() as fc.Arbitrary<unknown>), (document) => {
      for (const { said } of healthDetails(document).details) expect(typeof said).toBe('string');
    }),
  );
});

test('components of Actuator that are nested without end are read to a depth, and end nobody', () => {
  const nested = `${'{"components":{"a":'.repeat(5_000)}{"status":"UP"}${'}}'.repeat(5_000)}`;
  expect(() => actuator.read(JSON.parse(nested))).not.toThrow();
});
