import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ManagementApi } from '../../src/broker/management.ts';
import { observe } from '../../src/topology/management/observe.ts';
import { perform } from '../../src/topology/management/perform.ts';
import { reachContext } from '../support/context.ts';
import { type ScriptedServer, scriptedServer } from '../support/scripted-server.ts';

const open: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function managementOn(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = await scriptedServer(answer);
  open.push(server);
  const access = { url: server.url, user: 'acme', password: 'pass-word', vhost: 'ac/me' };
  return { server, api: new ManagementApi(reachContext(), access) };
}

const answer = (response: ServerResponse, status: number, body: unknown) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
};

describe('the management API', () => {
  it('reads what versions of RabbitMQ write differently as one', async () => {
    const { server, api } = await managementOn((request, response) => {
      if (request.url?.startsWith('/api/exchanges')) {
        answer(response, 200, [{ name: 'in', type: 'topic', durable: true, arguments: [] }]);
      } else if (request.url?.startsWith('/api/queues')) {
        answer(response, 200, [
          { name: 'a', durable: true, type: 'rabbit_quorum_queue', arguments: {} },
          { name: 'b', durable: true, arguments: { 'x-queue-type': 'stream', 'x-max-age': '1D' } },
          { name: 'c', durable: true, arguments: { 'x-max-length': 5 } },
        ]);
      } else if (/^\/api\/(bindings|policies)/.test(request.url ?? '')) answer(response, 200, []);
      else answer(response, 200, { default_queue_type: 'undefined' });
    });
    const observed = await observe(api, { accounts: [], limits: false });
    expect(observed.exchanges).toEqual([
      { name: 'in', type: 'topic', durable: true, auto_delete: false, internal: false, arguments: {} },
    ]);
    expect(observed.queues.map(({ name, type, arguments: args }) => [name, type, args])).toEqual([
      ['a', 'quorum', {}],
      ['b', 'stream', { 'x-max-age': '1D' }],
      ['c', 'classic', { 'x-max-length': 5 }],
    ]);
    expect(observed.defaultQueueType).toBe('classic');
    expect(server.requests.every((request) => request.includes('/ac%2Fme'))).toBe(true);
  });

  it('takes a missing vhost for an empty one, with a single request', async () => {
    const { server, api } = await managementOn((_, response) =>
      answer(response, 404, { error: 'Object Not Found', reason: 'Not Found' }),
    );
    expect(await observe(api, { accounts: [], limits: false })).toMatchObject({
      vhostExists: false,
      queues: [],
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [
      401,
      { error: 'not_authorised', reason: 'User not authorised to access virtual host' },
      'BROKER_API_REFUSED',
    ],
    [200, '<html>It works!</html>', 'BROKER_API_UNKNOWN'],
    [404, '<html>Not Found</html>', 'BROKER_API_UNKNOWN'],
  ])('tells what a %i stands for', async (status, body, code) => {
    const { api } = await managementOn((_, response) => answer(response, status, body));
    await expect(observe(api, { accounts: [], limits: false })).rejects.toMatchObject({ code });
  });

  it('takes a name that RabbitMQ keeps for itself for a refusal of that name alone', async () => {
    const { api } = await managementOn((_, response) =>
      answer(response, 401, { error: 'not_authorised', reason: 'Access refused.' }),
    );
    const queue = { name: 'q', durable: true, auto_delete: false, arguments: {} };
    await expect(perform(api, { kind: 'queue', queue }, async () => undefined)).rejects.toMatchObject({
      code: 'BROKER_REFUSED',
    });
  });

  it('tries again while the broker starts, and not what it refuses', async () => {
    let tries = 0;
    const { api } = await managementOn((_, response) => {
      tries += 1;
      if (tries === 1) answer(response, 503, { error: 'starting' });
      else answer(response, 400, { error: 'bad_request', reason: 'invalid arg' });
    });
    const queue = { name: 'q', durable: true, auto_delete: false, arguments: {} };
    await expect(perform(api, { kind: 'queue', queue }, async () => undefined)).rejects.toMatchObject({
      code: 'BROKER_REFUSED',
      message: 'invalid arg',
    });
    expect(tries).toBe(2);
  });
});
