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
    logLines: { read: 2, wellFormed: 2 },
    healthDetails: { measured: true, value: { checks: 2, problem: '' } },
    metrics: { measured: true, value: { families: 2, problem: '' } },
  });
});

test('what a process wrote before it crashed does not count against the one that runs now', async () => {
  const health = '{"uptime_seconds":5,"checks":{"broker":{}}}';
  const log = [line({}), 'Error: crash', '    at main.ts:1', line({ timestamp: new Date().toISOString() })];
  const ago = log.map((each) => each.replace('2030-', '2020-'));
  expect((await observed({ '/health': health, '/metrics': 'up 1\n' }, ago))?.logLines).toEqual({
    read: 1,
    wellFormed: 1,
  });
});

test('a line needs what the check asks for, and no more', async () => {
  const { context: _, ...bare } = JSON.parse(line({}));
  const found = await observed({}, [JSON.stringify(bare), line({})]);
  expect(found?.logLines).toEqual({ read: 2, wellFormed: 2 });
});

test('what is wrong with them is said', async () => {
  const broken = line({ timestamp: 'yesterday' });
  const log = [line({}), broken, 'Error: crash', line({ context: 'text' }), line({ level: 'loud' })];
  expect(await observed({ '/health': '{"checks":{}}' }, log)).toEqual({
    service: 'llm-api',
    logLines: { read: 5, wellFormed: 1, firstBroken: broken },
    healthDetails: {
      measured: true,
      value: { checks: 0, problem: '/health has no object "checks" with a member' },
    },
    metrics: { measured: true, value: { families: 0, problem: '/metrics answers 404' } },
  });
});

test('a service that does not answer was not measured', async () => {
  const [port = 0] = await freePorts(1);
  const stack = emptyStack('/nowhere', { services: [service('llm-api', port)] });
  expect(await observeTelemetry(quietContext(), stack)).toEqual([
    {
      service: 'llm-api',
      logLines: { read: 0, wellFormed: 0 },
      healthDetails: { measured: false, reason: expect.stringContaining('ECONNREFUSED') },
      metrics: { measured: false, reason: expect.stringContaining('ECONNREFUSED') },
    },
  ]);
});
