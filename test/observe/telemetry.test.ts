import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { observeTelemetry } from '../../src/observe/telemetry.ts';
import { service } from '../flow/chain.ts';
import { freePorts } from '../support/ports.ts';
import { quietContext } from '../support/quiet-context.ts';
import { scriptedServer } from '../support/scripted-server.ts';
import { emptyStack } from '../support/stack.ts';

const line = (fields: Record<string, unknown>) =>
  JSON.stringify({
    timestamp: '2030-01-01T00:00:00.000Z',
    service: 'llm-api',
    level: 'info',
    message: 'ready',
    context: {},
    ...fields,
  });

async function observed(answers: Record<string, string>, log: string[]) {
  const server = await scriptedServer((request, response) => {
    const body = answers[request.url ?? ''];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  onTestFinished(() => server.close());
  const root = await mkdtemp(join(tmpdir(), 'qbtc-observe-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, '.qbtc/logs'), { recursive: true });
  await writeFile(join(root, '.qbtc/logs/llm-api.log'), log.map((each) => `${each}\n`).join(''));
  const stack = emptyStack(root, { services: [service('llm-api', Number(new URL(server.url).port))] });
  const [telemetry] = await observeTelemetry(quietContext(), stack);
  return telemetry;
}

test('records as they should be', async () => {
  const answers = { '/health': '{"checks":{"broker":{},"database":{}}}', '/metrics': 'up 1\ndown 0\n' };
  expect(await observed(answers, [line({}), line({ correlation_id: 'c' })])).toEqual({
    service: 'llm-api',
    logLines: { read: 2, wellFormed: 2, forms: ['qbtc'], unread: 0 },
    healthDetails: { measured: true, value: { checks: 2, problem: '', form: 'checks', details: 0 } },
    metrics: { measured: true, value: { families: 2, problem: '', absent: false } },
  });
});

test('what a process wrote before it crashed does not count against the one that runs now', async () => {
  const health = '{"uptime_seconds":5,"checks":{"broker":{}}}';
  const log = [line({}), 'Error: crash', '    at main.ts:1', line({ timestamp: new Date().toISOString() })];
  const ago = log.map((each) => each.replace('2030-', '2020-'));
  expect((await observed({ '/health': health, '/metrics': 'up 1\n' }, ago))?.logLines).toMatchObject({
    read: 1,
    wellFormed: 1,
  });
});

test('a line needs what the check asks for, and no more', async () => {
  const { context: _, ...bare } = JSON.parse(line({}));
  const found = await observed({}, [JSON.stringify(bare), line({})]);
  expect(found?.logLines).toMatchObject({ read: 2, wellFormed: 2 });
});

test('what is wrong with them is said', async () => {
  const broken = line({ timestamp: 'yesterday' });
  const log = [line({}), broken, 'Error: crash', line({ context: 'text' }), line({ level: 'loud' })];
  expect(await observed({ '/health': '{"checks":{}}' }, log)).toEqual({
    service: 'llm-api',
    logLines: { read: 5, wellFormed: 1, firstBroken: broken, forms: ['qbtc'], unread: 0 },
    healthDetails: {
      measured: true,
      value: {
        checks: 0,
        problem: '/health has no object "checks" with a member',
        form: 'checks',
        details: 0,
      },
    },
    metrics: { measured: true, value: { families: 0, problem: '/metrics answers 404', absent: true } },
  });
});

test('a service that does not answer was not measured', async () => {
  const [port = 0] = await freePorts(1);
  const stack = emptyStack('/nowhere', { services: [service('llm-api', port)] });
  expect(await observeTelemetry(quietContext(), stack)).toEqual([
    {
      service: 'llm-api',
      logLines: { read: 0, wellFormed: 0, forms: [], unread: 0 },
      healthDetails: { measured: false, reason: expect.stringContaining('ECONNREFUSED') },
      metrics: { measured: false, reason: expect.stringContaining('ECONNREFUSED') },
    },
  ]);
});

test('of services of others it is told in which forms their records are', async () => {
  const health = {
    status: 'error',
    info: {},
    error: { db: { status: 'down' } },
    details: { db: { status: 'down' } },
  };
  const log = [
    '> shop@1.0.0 start',
    '[Nest] 7  - 11/29/2026, 6:11:05 PM     LOG [NestFactory] Starting',
    '[Nest] 7  - 11/29/2026, 6:11:06 PM   ERROR [ExceptionsHandler] no stock',
    'Error: no stock',
    '    at Orders.take (orders.ts:3:1)',
    'listening on 3000',
  ];
  expect(
    await observed({ '/health': JSON.stringify(health), '/metrics': '<html></html>' }, log),
  ).toMatchObject({
    logLines: { read: 6, wellFormed: 0, forms: ['Nest'], unread: 1, firstUnread: 'listening on 3000' },
    healthDetails: { value: { checks: 0, form: 'Terminus', details: 1 } },
    metrics: { value: { families: 0, absent: true } },
  });
});
