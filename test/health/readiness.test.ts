import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { holders } from '../../src/health/holder.ts';
import { type AskedInstance, askReadiness } from '../../src/health/index.ts';
import { READINESS_KINDS, type Readiness } from '../../src/model/readiness.ts';
import { freePorts } from '../support/ports.ts';
import { quietContext } from '../support/quiet-context.ts';

const context = quietContext();

/** An instance whose process is this one. */
function instance(changes: Partial<AskedInstance> = {}): AskedInstance {
  return {
    name: 'api',
    url: undefined,
    runs: { pid: process.pid },
    wasReady: false,
    timeoutMs: 5_000,
    holderOf: holders(context.host),
    lines: async () => [],
    run: async () => 0,
    broker: undefined,
    ...changes,
  };
}

const asked = (readiness: Readiness, changes: Partial<AskedInstance> = {}) =>
  askReadiness(context, readiness, instance(changes));

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const answering = (status: number) =>
  listening(createHttp((_, response) => void response.writeHead(status).end()));

test.each([
  [204, undefined, true],
  [200, [204], false],
  [204, [200, 204], true],
  [302, [302], true],
  [503, undefined, false],
  [503, [503], true],
])('a path that answers %i with the statuses %j: %s', async (status, wanted, ready) => {
  const url = await answering(status);
  const readiness = {
    kind: 'http' as const,
    path: '/ready',
    ...(wanted === undefined ? {} : { status: wanted }),
  };
  expect(await asked(readiness, { url })).toMatchObject({ ready });
});

test('a port that takes connections is ready where its own process holds it', async () => {
  const url = await listening(createServer((socket) => socket.destroy()));
  const [free] = await freePorts(1);
  expect(await asked({ kind: 'tcp' }, { url })).toMatchObject({ ready: true });
  expect(await asked({ kind: 'tcp' }, { url, runs: 'adopted' })).toMatchObject({ ready: true });
  // An engine takes connections for a container in which nobody listens.
  expect(await asked({ kind: 'tcp' }, { url, runs: 'container' })).toMatchObject({ ready: false });
  const kept = await listening(createServer(() => {}));
  expect(await asked({ kind: 'tcp' }, { url: kept, runs: 'container' })).toMatchObject({ ready: true });
  expect(await asked({ kind: 'tcp' }, { url, runs: { pid: 999_999_999 } })).toMatchObject({
    ready: false,
    problem: { kind: 'stranger' },
    reason: expect.stringContaining(`pid ${process.pid}`),
  });
  expect(await asked({ kind: 'tcp' }, { url: `http://127.0.0.1:${free}` })).toMatchObject({
    ready: false,
    problem: { kind: 'silent' },
  });
});

test('a line tells it once, and what was ready stays so when its log is cut', async () => {
  const readiness = { kind: 'log' as const, pattern: '^Started \\w+ in [\\d.]+ s' };
  const lines = async () => ['Starting', 'Started Shop in 1.2 s'];
  expect(await asked(readiness, { lines })).toMatchObject({
    ready: true,
    found: { log: 'Started Shop in 1.2 s' },
  });
  expect(await asked(readiness)).toMatchObject({ ready: false, problem: { kind: 'unready' } });
  expect(await asked(readiness, { wasReady: true })).toMatchObject({ ready: true });
  expect(await asked(readiness, { lines, runs: undefined })).toMatchObject({ ready: false });
});

test('a program tells it by its exit code, and one that cannot be run is a reason', async () => {
  const readiness = { kind: 'command' as const, command: ['is-ready'] as [string] };
  expect(await asked(readiness)).toMatchObject({ ready: true });
  expect(await asked(readiness, { run: async () => 3 })).toMatchObject({
    ready: false,
    reason: 'is-ready ends with 3',
  });
  const run = async () => {
    throw new Error('is-ready was not found');
  };
  expect(await asked(readiness, { run })).toMatchObject({ ready: false, reason: 'is-ready was not found' });
});

test('a process is ready that lives for a moment, and not one that ends at once', async () => {
  expect(await asked({ kind: 'process' })).toMatchObject({ ready: true, found: { pid: process.pid } });
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  // The moment is as long as it takes to end, however busy the machine is.
  const sleep = async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const shortLived = { ...context, clock: { ...context.clock, sleep } };
  const runs = { pid: child.pid };
  expect(await askReadiness(shortLived, { kind: 'process' }, instance({ runs }))).toMatchObject({
    ready: false,
    reason: 'it ended right after it was started',
  });
  expect(await asked({ kind: 'process' }, { runs: undefined })).toMatchObject({ ready: false });
});

test('who listens nowhere is silent over the network, whatever is asked for', async () => {
  for (const readiness of [
    { kind: 'http', path: '/' },
    { kind: 'tcp' },
    { kind: 'grpc', service: '' },
  ] satisfies Readiness[])
    expect(await asked(readiness)).toMatchObject({ ready: false, problem: { kind: 'silent' } });
});

test('an adopted service may call itself as it likes', async () => {
  const url = await listening(createHttp((_, response) => void response.end('{"service":"somebody-else"}')));
  const readiness = { kind: 'http' as const, path: '/health' };
  expect(await asked(readiness, { url, runs: 'adopted' })).toMatchObject({ ready: true });
  expect(await asked(readiness, { url, runs: undefined })).toMatchObject({
    ready: false,
    problem: { kind: 'other-name' },
  });
});

test('a broker that is away is the reason', async () => {
  const [port] = await freePorts(1);
  const readiness = { kind: 'consumes' as const, queue: 'jobs' };
  expect(await asked(readiness, { broker: `amqp://127.0.0.1:${port}` })).toMatchObject({
    ready: false,
    reason: expect.stringContaining('ECONNREFUSED'),
  });
  expect(await asked(readiness)).toMatchObject({
    ready: false,
    reason: expect.stringContaining('no broker'),
  });
});

test('every kind has an answer for what does not run', async () => {
  const examples: { [Kind in (typeof READINESS_KINDS)[number]]: Readiness } = {
    http: { kind: 'http', path: '/' },
    tcp: { kind: 'tcp' },
    grpc: { kind: 'grpc', service: '' },
    log: { kind: 'log', pattern: 'x' },
    command: { kind: 'command', command: ['true'] },
    consumes: { kind: 'consumes', queue: 'q' },
    process: { kind: 'process' },
  };
  for (const kind of READINESS_KINDS)
    expect(await asked(examples[kind], { runs: undefined })).toMatchObject({ ready: false });
});
