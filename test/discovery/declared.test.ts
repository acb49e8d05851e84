import { describe, expect, onTestFinished, test } from 'vitest';
import { discoverServices } from '../../src/discovery/declared.ts';
import type { RunningInstance } from '../../src/health/index.ts';
import type { Service } from '../../src/model/stack.ts';
import { service } from '../flow/chain.ts';
import { freePorts } from '../support/ports.ts';
import { quietContext } from '../support/quiet-context.ts';
import { type ScriptedServer, scriptedServer } from '../support/scripted-server.ts';
import { emptyStack } from '../support/stack.ts';

async function answering(status: number, body: string): Promise<number> {
  const server: ScriptedServer = await scriptedServer((_, response) => response.writeHead(status).end(body));
  onTestFinished(() => server.close());
  return Number(new URL(server.url).port);
}

async function discovered(port: number) {
  const stack = emptyStack('/stack', { services: [service('llm-api', port)] });
  const [found] = await discoverServices(quietContext(), stack);
  return found;
}

test('a service that listens and answers as itself is found, with the process behind it', async () => {
  const port = await answering(200, '{"service":"llm-api"}');
  expect(await discovered(port)).toEqual({
    name: 'llm-api',
    port,
    pid: process.pid,
    identity: 'llm-api',
    healthy: true,
    evidence: [
      {
        source: 'ports',
        found: expect.stringMatching(`^port ${port} listens, held by .* \\(pid ${process.pid}\\)$`),
      },
      { source: 'health', found: `http://127.0.0.1:${port}/health answers 200 as llm-api` },
    ],
    problem: '',
  });
});

test('nothing listens', async () => {
  const [port = 0] = await freePorts(1);
  expect(await discovered(port)).toMatchObject({
    healthy: false,
    problem: `nothing listens on port ${port}`,
  });
});

test('somebody else answers in its place', async () => {
  const port = await answering(200, '{"service":"billing"}');
  expect(await discovered(port)).toMatchObject({
    identity: 'billing',
    problem: `port ${port} belongs to billing (pid ${process.pid})`,
  });
});

test.each([
  [503, '{"service":"llm-api"}', 'answers 503 as llm-api'],
  [200, '<html>', 'answers 200 with a page (HTML)'],
  [200, '{"service":7}', 'answers 200 without saying who it is'],
])('a health document of %i %s is no proof', async (status, body, problem) => {
  const port = await answering(status, body);
  expect(await discovered(port)).toMatchObject({ problem: expect.stringContaining(problem) });
});

test('each replica is looked for on its own', async () => {
  const port = await answering(200, '{"name":"llm-api"}');
  const stack = emptyStack('/stack', { services: [service('llm-api', port, { replicas: 2 })] });
  const found = await discoverServices(quietContext(), stack);
  expect(found.map((each) => each.port)).toEqual([port, port + 1]);
  expect(found[0]?.problem).toBe('');
  expect(found[1]?.problem).not.toBe('');
});

describe('what qbtc runs is found by its process, whatever its document says', () => {
  const foundAs = async (body: string, pid: number) => {
    const port = await answering(200, body);
    const stack = emptyStack('/stack', { services: [service('llm-api', port)] });
    const running = [{ name: 'llm-api', service: 'llm-api', port, runs: { pid }, isReady: true }];
    return (await discoverServices(quietContext(), stack, running))[0];
  };

  test.each([
    '{"status":"ok"}',
    '{"name":"LLM API"}',
    '{"service":"acme"}',
    '<!doctype html>',
    'ok',
  ])('%s', async (body) => {
    expect(await foundAs(body, process.pid)).toMatchObject({ healthy: true, problem: '' });
  });

  test('the copy of another stack answers with the same name, and is not ours', async () => {
    expect(await foundAs('{"service":"llm-api"}', 999_999_999)).toMatchObject({
      problem: expect.stringContaining('which is not of this stack'),
    });
  });
});

describe('what is no health document', () => {
  const own = (changes: Partial<RunningInstance>): RunningInstance => ({
    name: 'worker',
    service: 'worker',
    port: undefined,
    runs: { pid: process.pid },
    isReady: true,
    ...changes,
  });
  const found = async (declared: Partial<Service>, running: RunningInstance[]) => {
    const { port: _, ...worker } = service('worker', 1, { health: { kind: 'process' } });
    const stack = emptyStack('/stack', { services: [{ ...worker, ...declared }] });
    return (await discoverServices(quietContext(), stack, running))[0];
  };

  test.each([
    [own({}), { healthy: true, problem: '', pid: process.pid }],
    [own({ isReady: false }), { healthy: false, problem: 'it runs, and has not been ready yet' }],
    [own({ runs: undefined, isReady: false }), { healthy: false, problem: 'qbtc does not run it' }],
    [
      own({ runs: undefined, isReady: false, ended: { condition: 'crashed', reason: 'exited with code 1' } }),
      { healthy: false, problem: 'exited with code 1' },
    ],
  ])('one that listens nowhere is told by its process: %o', async (running, expected) => {
    const seen = await found({}, [running]);
    expect(seen).toMatchObject(expected);
    expect(seen).not.toHaveProperty('port');
  });

  test('a port that takes connections is found where its own process holds it', async () => {
    const port = await answering(500, 'no document');
    const declared = { port, health: { kind: 'tcp' as const } };
    expect(await found(declared, [own({ port })])).toMatchObject({ port, healthy: true, problem: '' });
    expect(await found(declared, [own({ port, runs: { pid: 999_999_999 } })])).toMatchObject({
      healthy: false,
      problem: expect.stringContaining('which is not of this stack'),
    });
    expect(await found(declared, [])).toMatchObject({ problem: 'qbtc does not run it' });
  });

  test('an adopted service is itself, whatever it calls itself', async () => {
    const port = await answering(200, '{"service":"somebody-else"}');
    const url = `http://127.0.0.1:${port}`;
    const health = { kind: 'http' as const, path: '/health' };
    expect(await found({ url, health }, [own({ runs: 'adopted' })])).toMatchObject({
      port,
      healthy: true,
      problem: '',
      identity: 'somebody-else',
    });
  });
});
