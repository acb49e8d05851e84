import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServiceClient, type ServiceClient, type ServiceClientOptions } from '@stack/runtime/client';
import type { Instance } from '@stack/runtime/registry';
import { createTracing, NO_TRACING } from '@stack/runtime/tracing';
import { afterEach, describe, expect, it } from 'vitest';
import { instanceOf } from '../instance.ts';

const servers: Server[] = [];
const clients: ServiceClient[] = [];
const CALL = { path: '/x', correlationId: 'c-1', budgetMs: 2000 };

async function instance(
  respond: (request: IncomingMessage, response: ServerResponse, count: number) => void,
  fields: Partial<Instance> = {},
): Promise<{ instance: Instance; calls: IncomingMessage[] }> {
  const calls: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    calls.push(request);
    respond(request, response, calls.length);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { instance: instanceOf({ name: 'shop', port, ...fields }), calls };
}

function clientOf(
  instances: readonly Instance[],
  options: Partial<ServiceClientOptions> = {},
): ServiceClient {
  const client = createServiceClient({
    resolve: async () => instances,
    tracing: NO_TRACING,
    backoff: { kind: 'fixed', delayMs: 1 },
    ...options,
  });
  clients.push(client);
  return client;
}

const ok = (_: IncomingMessage, response: ServerResponse) => response.end('{"ok":true}');

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('the service client', () => {
  it('calls by name in turns, and carries the correlation id and what is left of the time on', async () => {
    const [one, two] = [await instance(ok), await instance(ok)];
    const client = clientOf([one.instance, two.instance]);
    const answers = [await client.call('shop', CALL), await client.call('shop', CALL)];
    expect(new Set(answers.map(({ instance: name }) => name)).size).toBe(2);
    expect(answers[0]).toMatchObject({ status: 200, attempts: 1 });
    expect(answers[0]?.json()).toEqual({ ok: true });
    const headers = one.calls[0]?.headers;
    expect(headers?.['x-correlation-id']).toBe('c-1');
    expect(Number(headers?.['x-timeout-ms'])).toBeGreaterThan(0);
    expect(Number(headers?.['x-timeout-ms'])).toBeLessThanOrEqual(2000);
  });

  it('carries the trace of whom it calls for on, recorded or not', async () => {
    const { instance: shop, calls } = await instance(ok);
    const collector = { endpoints: ['http://127.0.0.1:1'], reservoir: 1, ratio: 1, closeMs: 1 };
    const tracing = createTracing({ service: 'test', version: '1', instance: 'test', ...collector });
    const client = clientOf([shop], { tracing });
    for (const decision of ['00', '01']) {
      const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${decision}`;
      await client.call('shop', { ...CALL, span: tracing.start('asked', { parent }) });
    }
    await client.call('shop', CALL);
    await tracing.close();
    const [unrecorded, recorded, alone] = calls.map(({ headers }) => headers.traceparent);
    expect(unrecorded).toBe(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`);
    expect(recorded).toMatch(/^00-a{32}-(?!b)[0-9a-f]{16}-01$/);
    expect(alone).toMatch(/^00-(?!a{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it('tries another instance when one is not there, whatever the method', async () => {
    const [gone, there] = [await instance(ok), await instance(ok)];
    const server = servers.shift();
    server?.close();
    await once(server as Server, 'close');
    const client = clientOf([gone.instance, there.instance]);
    for (let i = 0; i < 4; i += 1) {
      const answer = await client.call('shop', { ...CALL, method: 'POST', json: { n: i } });
      expect(answer.instance).toBe(there.instance.instance);
    }
    expect(there.calls).toHaveLength(4);
  });

  it('sends again what may be sent twice, and nothing else', async () => {
    const failing = (_: IncomingMessage, response: ServerResponse, count: number) => {
      response.statusCode = count === 1 ? 503 : 200;
      response.end('{}');
    };
    const reading = await instance(failing);
    expect(await clientOf([reading.instance]).call('shop', CALL)).toMatchObject({ status: 200, attempts: 2 });
    const writing = await instance(failing);
    const client = clientOf([writing.instance]);
    await expect(client.call('shop', { ...CALL, method: 'POST' })).rejects.toMatchObject({
      code: 'bad-answer',
      status: 503,
    });
    expect(writing.calls).toHaveLength(1);
    expect(await client.call('shop', { ...CALL, method: 'POST', idempotent: true })).toMatchObject({
      status: 200,
    });
  });

  it('gives every other status to whoever asked', async () => {
    const refusing = await instance((_, response) => {
      response.statusCode = 404;
      response.end('nothing');
    });
    const answer = await clientOf([refusing.instance]).call('shop', CALL);
    expect(answer).toMatchObject({ status: 404, body: 'nothing', attempts: 1 });
    expect(() => answer.json()).toThrow('did not answer in JSON');
  });

  it('keeps to its budget with all its tries', async () => {
    const silent = await instance(() => {});
    const began = performance.now();
    const call = clientOf([silent.instance]).call('shop', { ...CALL, budgetMs: 150 });
    await expect(call).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it('leaves an instance alone that failed too often, and tries it again after a while', async () => {
    let broken = true;
    const shaky = await instance((_, response) => {
      response.statusCode = broken ? 503 : 200;
      response.end('{}');
    });
    const client = clientOf([shaky.instance], { retries: 0, breaker: { failures: 2, openMs: 100 } });
    for (let i = 0; i < 2; i += 1)
      await expect(client.call('shop', CALL)).rejects.toMatchObject({ code: 'bad-answer' });
    await expect(client.call('shop', CALL)).rejects.toMatchObject({ code: 'no-instance' });
    expect(shaky.calls).toHaveLength(2);
    broken = false;
    const deadline = performance.now() + 5000;
    let answered: { status: number } | undefined;
    while (answered === undefined && performance.now() < deadline) {
      answered = await client.call('shop', CALL).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(answered).toMatchObject({ status: 200 });
  });

  it('takes no more at once than it may', async () => {
    const waiting: ServerResponse[] = [];
    const slow = await instance((_, response) => waiting.push(response));
    const client = clientOf([slow.instance], { bulkhead: { size: 2, waiting: 1 } });
    const calls = Array.from({ length: 4 }, () => client.call('shop', CALL).catch((error: unknown) => error));
    expect(await calls[3]).toMatchObject({ code: 'overloaded' });
    while (waiting.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(slow.calls).toHaveLength(2);
    for (const response of waiting.splice(0)) response.end();
    while (waiting.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const response of waiting) response.end();
    expect(
      (await Promise.all(calls.slice(0, 3))).map((answer) => (answer as { status: number }).status),
    ).toEqual([200, 200, 200]);
  });

  it('says why nobody can be called', async () => {
    await expect(clientOf([]).call('shop', CALL)).rejects.toThrow('none is registered');
    const ill = await instance(ok, { status: 'unhealthy' });
    await expect(clientOf([ill.instance]).call('shop', CALL)).rejects.toThrow('none of 1 is healthy');
    const lost = clientOf([], { resolve: async () => Promise.reject(new Error('no Redis')) });
    await expect(lost.call('shop', CALL)).rejects.toMatchObject({ code: 'unresolved' });
  });

  it('ends with the signal of the caller', async () => {
    const silent = await instance(() => {});
    const leaving = new AbortController();
    const call = clientOf([silent.instance]).call('shop', { ...CALL, signal: leaving.signal });
    const reason = new Error('enough');
    leaving.abort(reason);
    await expect(call).rejects.toBe(reason);
  });
});
