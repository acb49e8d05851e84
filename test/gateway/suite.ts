import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyRoutes, planRoutes, probeRoutes } from '../../src/gateway/index.ts';
import type { Service, Stack } from '../../src/model/stack.ts';
import { reachContext } from '../support/context.ts';
import { stackWith } from './stacks.ts';

/** A gateway with an Admin API, whoever it is. */
export interface GatewayUnderTest {
  /** Where it takes requests: `http://127.0.0.1:9080`. */
  url: string;
  adminUrl: string;
  adminKey: string;
}

const LIMIT = { count: 1000, time_window: 60, key_type: 'var', key: 'consumer_name', rejected_code: 429 };

/** What must hold with every gateway: run against the embedded one, and a real APISIX where there is one. */
export function gatewaySuite(gateway: () => GatewayUnderTest): void {
  const context = reachContext();
  let upstream: Server;
  let port = 0;
  beforeAll(async () => {
    upstream = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        response.writeHead(request.method === 'POST' ? 400 : 200, { 'content-type': 'text/plain' });
        response.end(`${request.method} ${request.url}`);
      });
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    port = (upstream.address() as AddressInfo).port;
  });
  afterAll(() => {
    upstream.closeAllConnections();
    upstream.close();
  });

  const stackOf = (
    name: string,
    services: Partial<Service>[],
    more: Parameters<typeof stackWith>[0] = {},
  ): Stack =>
    stackWith({ name, services, admin: { url: gateway().adminUrl, key: gateway().adminKey }, ...more });
  const admin = async (method: string, path: string, body?: object) => {
    const response = await context.http(`${gateway().adminUrl}/apisix/admin${path}`, {
      method,
      headers: { 'x-api-key': gateway().adminKey, 'content-type': 'application/json' },
      timeoutMs: 10_000,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, json: JSON.parse(response.body) };
  };
  const sync = async (stack: Stack, options: { prune?: boolean } = {}) => {
    const planned = await planRoutes(context, stack, options);
    return applyRoutes(context, stack, planned);
  };
  const changesOf = async (stack: Stack, options: { prune?: boolean } = {}) =>
    (await planRoutes(context, stack, options)).changes;

  it('syncs a stack; then the plan is empty and every route answers from behind the gateway', async () => {
    const stack = stackOf(
      'full',
      [
        {
          name: 'api',
          port,
          routes: [
            {
              name: 'chat',
              uri: '/full/chat',
              methods: ['POST'],
              plugins: {
                'key-auth': { header: 'authorization', hide_credentials: true },
                'limit-count': LIMIT,
              },
            },
            { name: 'models', uri: '/full/models', methods: ['GET'], plugins: { 'key-auth': {} } },
            { name: 'any', uri: '/full/open/*', priority: 1 },
          ],
        },
      ],
      {
        consumers: [
          {
            username: 'full_app',
            credentials: [{ id: 'full-app', plugins: { 'key-auth': { key: 'full-app-key' } } }],
          },
          {
            username: 'test',
            plugins: { 'limit-count': { ...LIMIT, count: 100_000 } },
            credentials: [
              { id: 'full-bearer', plugins: { 'key-auth': { key: 'Bearer full-test-key' } } },
              { id: 'full-apikey', plugins: { 'key-auth': { key: 'full-test-key' } } },
            ],
          },
        ],
      },
    );
    expect(await changesOf(stack)).toHaveLength(1 + 2 + 3 + 3);
    const seen: string[] = [];
    const outcomes = await applyRoutes(context, stack, await planRoutes(context, stack), {
      onProgress: ({ change }) => seen.push(change.name),
    });
    expect(outcomes.filter((outcome) => outcome.status !== 'done')).toEqual([]);
    expect(seen).toHaveLength(9);
    const again = await planRoutes(context, stack, { prune: true });
    expect(again.changes).toEqual([]);
    expect(again.leftovers).toEqual([]);

    const answers = await probeRoutes(context, stack, gateway().url);
    expect(answers).toMatchObject([
      { route: 'chat', request: 'POST /full/chat', status: 400, answered: true },
      { route: 'models', request: 'GET /full/models', status: 200, answered: true },
      { route: 'any', request: 'GET /full/open/qbtc-probe', status: 200, answered: true },
    ]);
    expect((await sync(stackOf('full', []), { prune: true })).every(({ status }) => status === 'done')).toBe(
      true,
    );
  });

  it('repairs what somebody changed by hand', async () => {
    const stack = stackOf('hand', [
      { name: 'api', port, routes: [{ name: 'r', uri: '/hand', methods: ['GET'] }] },
    ]);
    await sync(stack);
    await admin('PATCH', '/routes/hand-r', { methods: ['GET', 'PUT'], plugins: { cors: {} } });
    await admin('PATCH', '/upstreams/hand-api', { nodes: { '127.0.0.1:1': 1 } });
    expect(await changesOf(stack)).toMatchObject([
      { action: 'update', kind: 'upstream', name: 'hand-api' },
      {
        action: 'update',
        kind: 'route',
        name: 'hand-r',
        fields: [
          { path: 'methods', from: ['GET', 'PUT'], to: ['GET'] },
          { path: 'plugins', from: { cors: {} } },
        ],
      },
    ]);
    await sync(stack);
    expect(await changesOf(stack)).toEqual([]);
  });

  it('leaves what is not ours as it is, whatever its id, and says so', async () => {
    const theirs = { uri: '/theirs', upstream: { type: 'roundrobin', nodes: { '127.0.0.1:1': 1 } } };
    await admin('PUT', '/routes/other-r', theirs);
    await admin('PUT', '/routes/hand-made', theirs);
    const stack = stackOf('other', [
      {
        name: 'api',
        port,
        routes: [
          { name: 'r', uri: '/other' },
          { name: 'ok', uri: '/other/ok' },
        ],
      },
    ]);
    const outcomes = await sync(stack, { prune: true });
    expect(outcomes.map(({ change, status }) => [change.name, status])).toEqual([
      ['other-api', 'done'],
      ['other-r', 'failed'],
      ['other-ok', 'done'],
    ]);
    expect(outcomes[1]?.reason).toContain('not ours');
    expect((await admin('GET', '/routes/other-r')).json.value).toMatchObject(theirs);
    await sync(stackOf('other', []), { prune: true });
    expect((await admin('GET', '/routes/hand-made')).status).toBe(200);
    expect((await admin('GET', '/routes/other-ok')).status).toBe(404);
    await admin('DELETE', '/routes/other-r');
    await admin('DELETE', '/routes/hand-made');
  });

  it('goes on after a refused route, and gives the words of the gateway', async () => {
    const stack = stackOf('bad', [
      {
        name: 'api',
        port,
        routes: [
          { name: 'plugin', uri: '/bad/1', plugins: { 'no-such': {} } },
          { name: 'count', uri: '/bad/2', plugins: { 'limit-count': { count: -1, time_window: 60 } } },
          { name: 'lost', uri: '/bad/3', upstream_id: 'nowhere' },
          { name: 'good', uri: '/bad/4' },
        ],
      },
    ]);
    const outcomes = await sync(stack);
    expect(outcomes.map(({ change, status, reason }) => [change.name, status, reason])).toEqual([
      ['bad-api', 'done', undefined],
      ['bad-plugin', 'failed', 'unknown plugin [no-such]'],
      [
        'bad-count',
        'failed',
        'failed to check the configuration of plugin limit-count err: property "count" validation failed: expected -1 to be greater than 0',
      ],
      ['bad-lost', 'failed', 'failed to fetch upstream info by upstream id [nowhere], response code: 404'],
      ['bad-good', 'done', undefined],
    ]);
    expect((await changesOf(stack)).map((change) => change.name)).toEqual([
      'bad-plugin',
      'bad-count',
      'bad-lost',
    ]);
  });

  it('renames and moves a route without a moment in which its URI has no answer', async () => {
    const named = (name: string, service: string) =>
      stackOf('move', [{ name: service, port, routes: [{ name, uri: '/move', methods: ['GET'] }] }]);
    await sync(named('old', 'first'));
    let running = true;
    const statuses = new Map<number, number>();
    const stream = (async () => {
      while (running) {
        const { status } = await context.http(`${gateway().url}/move`, { timeoutMs: 5_000 });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    })();
    for (const [name, service] of [
      ['new', 'first'],
      ['new', 'second'],
      ['newer', 'third'],
    ] as const) {
      const outcomes = await sync(named(name, service), { prune: true });
      expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([]);
    }
    running = false;
    await stream;
    expect([...statuses.keys()]).toEqual([200]);
    expect((await admin('GET', '/upstreams/move-first')).status).toBe(404);
    expect(await changesOf(named('newer', 'third'), { prune: true })).toEqual([]);
  });

  it('counts no answer of the gateway itself as one of the route', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const deadPort = (closed.address() as AddressInfo).port;
    await new Promise((resolve) => closed.close(resolve));
    const stack = stackOf('dead', [
      { name: 'gone', port: deadPort, routes: [{ name: 'dead', uri: '/dead' }] },
      { name: 'api', port, routes: [{ name: 'locked', uri: '/locked', plugins: { 'key-auth': {} } }] },
      { name: 'new', port, routes: [{ name: 'unknown', uri: '/unknown' }] },
    ]);
    await sync({ ...stack, services: stack.services.filter((service) => service.name !== 'new') });
    expect(await probeRoutes(context, stack, gateway().url)).toMatchObject([
      { route: 'dead', status: 502, answered: false, evidence: expect.stringContaining('no node') },
      { route: 'locked', status: 401, answered: false, evidence: expect.stringContaining('key-auth') },
      { route: 'unknown', status: 404, answered: false, evidence: 'the gateway knows no such route' },
    ]);
    await sync(stackOf('dead', []), { prune: true });
  });

  it('says when the key is wrong, or the address is not the Admin API', async () => {
    const stack = (url: string, key: string) => stackWith({ name: 'wrong', admin: { url, key } });
    await expect(planRoutes(context, stack(gateway().adminUrl, 'not-the-key'))).rejects.toMatchObject({
      code: 'GATEWAY_KEY_REFUSED',
      message: expect.not.stringContaining('not-the-key'),
    });
    await expect(planRoutes(context, stack(gateway().url, gateway().adminKey))).rejects.toMatchObject({
      code: 'GATEWAY_NOT_APISIX',
    });
  });
}
