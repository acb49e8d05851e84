import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDriver } from '../../src/gateway/drivers/index.ts';
import { applyRoutes, gatewayOf, planRoutes, probeRoutes } from '../../src/gateway/index.ts';
import type { RegisteredService } from '../../src/model/discovery.ts';
import type { DeclaredObject, GatewayKind, GatewayObject } from '../../src/model/gateway.ts';
import type { GatewayMode } from '../../src/model/resource.ts';
import type { Service, Stack } from '../../src/model/stack.ts';
import { certificate } from '../support/certificate.ts';
import { reachContext } from '../support/context.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { stackWith } from './stacks.ts';

/** A gateway with an Admin API, whoever it is. */
export interface GatewayUnderTest {
  /** Where it takes requests: `http://127.0.0.1:9080`. */
  url: string;
  adminUrl: string;
  adminKey: string;
  /** How it is told its routes; object by object when left out. */
  mode?: GatewayMode;
}

const LIMIT = { count: 1000, time_window: 60, key_type: 'var', key: 'consumer_name', rejected_code: 429 };

/** What must hold with every gateway: run against the embedded one, and a real APISIX where there is one. */
export function gatewaySuite(gateway: () => GatewayUnderTest): void {
  const context = reachContext();
  let upstream: Server;
  let port = 0;
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'qbtc-gateway-'));
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
  afterAll(async () => {
    // A real gateway is there for the next run, too.
    for (const name of names) await sync(stackOf(name, []), { prune: true });
    upstream.closeAllConnections();
    upstream.close();
    await rm(root, { recursive: true, force: true });
  });

  const names = new Set<string>();
  const stackOf = (
    name: string,
    services: Partial<Service>[],
    more: Parameters<typeof stackWith>[0] = {},
  ): Stack => {
    names.add(name);
    return stackWith({
      name,
      services,
      root,
      admin: {
        url: gateway().adminUrl,
        key: gateway().adminKey,
        ...(gateway().mode === undefined ? {} : { mode: gateway().mode }),
      } as NonNullable<Parameters<typeof stackWith>[0]['admin']>,
      ...more,
    });
  };
  /** Somebody else at the same gateway, with hands of their own. */
  const theirs = () => openDriver(context, gatewayOf(stackOf('theirs', [])));
  const held = async (kind: GatewayKind, id: string) => (await theirs().observe(() => false))[kind].get(id);
  const put = async (kind: GatewayKind, id: string, object: GatewayObject) => {
    const driver = theirs();
    await driver.put(kind, id, object);
    expect([...((await driver.commit?.(false)) ?? [])]).toEqual([]);
  };
  const remove = async (kind: GatewayKind, id: string) => {
    const driver = theirs();
    await driver.delete(kind, id);
    await driver.commit?.(false);
  };
  /** Merges the fields into what is there. */
  const change = async (kind: GatewayKind, id: string, fields: GatewayObject) => {
    const { create_time: _, update_time: __, ...object } = (await held(kind, id)) ?? {};
    await put(kind, id, { ...object, ...fields });
  };
  const sync = async (stack: Stack, options: { prune?: boolean; adopt?: boolean; atomic?: boolean } = {}) => {
    // A plan is plain data: it may be written down, and carried out later by another process.
    const written = JSON.stringify(await planRoutes(context, stack, options));
    return applyRoutes(context, stack, JSON.parse(written), options);
  };
  const changesOf = async (stack: Stack, options: { prune?: boolean; adopt?: boolean } = {}) =>
    (await planRoutes(context, stack, options)).changes;

  /** What was written reaches the workers of APISIX a moment later. */
  const inForce = (path: string) =>
    expect
      .poll(async () => (await context.http(`${gateway().url}${path}`, { timeoutMs: 5_000 })).status, {
        timeout: 5_000,
      })
      .toBe(200);

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
    await change('route', 'hand-r', { methods: ['GET', 'PUT'], plugins: { cors: {} } });
    await change('upstream', 'hand-api', { nodes: { '127.0.0.1:1': 1 } });
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
    const foreign = { uri: '/theirs', upstream: { type: 'roundrobin', nodes: { '127.0.0.1:1': 1 } } };
    await put('route', 'other-r', foreign);
    await put('route', 'hand-made', foreign);
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
    expect(await held('route', 'other-r')).toMatchObject(foreign);
    await sync(stackOf('other', []), { prune: true });
    expect(await held('route', 'hand-made')).toBeDefined();
    expect(await held('route', 'other-ok')).toBeUndefined();
    await remove('route', 'other-r');
    await remove('route', 'hand-made');
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
    await sync(stackOf('bad', []), { prune: true });
    const outcomes = await sync(stack);
    expect(outcomes.map(({ change, status, reason }) => [change.name, status, reason])).toEqual([
      ['bad-api', 'done', undefined],
      ['bad-plugin', 'failed', 'unknown plugin [no-such]'],
      [
        'bad-count',
        'failed',
        'failed to check the configuration of plugin limit-count err: property "count" validation failed: expected -1 to be greater than 0',
      ],
      [
        'bad-lost',
        'failed',
        expect.stringMatching(/upstream id \[nowhere\]|upstream nowhere, which is not there/),
      ],
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
    await inForce('/move');
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
      ['newer', 'first'],
      ['newer', 'second'],
      ['newer', 'third'],
    ] as const) {
      const outcomes = await sync(named(name, service), { prune: true });
      expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([]);
    }
    running = false;
    await stream;
    expect([...statuses.keys()]).toEqual([200]);
    expect(await held('upstream', 'move-first')).toBeUndefined();
    expect(await changesOf(named('newer', 'third'), { prune: true })).toEqual([]);
  });

  it('exchanges the URIs of routes without a moment in which one has no answer', async () => {
    const with3 = (a: string, b: string, c: string) =>
      stackOf('swap', [
        {
          name: 'api',
          port,
          routes: [
            { name: 'a', uri: a, methods: ['GET'] },
            { name: 'b', uri: b, methods: ['GET'] },
            { name: 'c', uris: [c, '/swap/4'], methods: ['GET'] },
          ],
        },
      ]);
    await sync(with3('/swap/1', '/swap/2', '/swap/3'));
    for (const each of [1, 2, 3, 4]) await inForce(`/swap/${each}`);
    let running = true;
    const statuses = new Map<number, number>();
    const stream = (async () => {
      for (let next = 0; running; next += 1) {
        const { status } = await context.http(`${gateway().url}/swap/${(next % 4) + 1}`, {
          timeoutMs: 5_000,
        });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    })();
    for (const [a, b, c] of [
      ['/swap/2', '/swap/1', '/swap/3'],
      ['/swap/3', '/swap/2', '/swap/1'],
      ['/swap/1', '/swap/3', '/swap/2'],
    ] as const) {
      const outcomes = await sync(with3(a, b, c), { prune: true });
      expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([]);
      expect(await changesOf(with3(a, b, c))).toEqual([]);
    }
    running = false;
    await stream;
    expect([...statuses.keys()]).toEqual([200]);
    await sync(stackOf('swap', []), { prune: true });
  });

  it('holds every kind, knows its own without labels by the ledger, and prunes no other', async () => {
    const { cert, key } = await certificate('kinds.example');
    const objects: DeclaredObject[] = [
      {
        kind: 'upstream',
        id: 'kinds-u',
        object: { type: 'roundrobin', nodes: [{ host: '127.0.0.1', port, weight: 1 }] },
      },
      { kind: 'plugin_config', id: 'kinds-p', object: { plugins: { 'request-id': {} } } },
      {
        kind: 'service',
        id: 'kinds-s',
        object: {
          upstream_id: 'kinds-u',
          plugins: { 'response-rewrite': { headers: { set: { 'X-S': '1' } } } },
        },
      },
      {
        kind: 'route',
        id: 'kinds-r',
        object: { uri: '/kinds', service_id: 'kinds-s', plugin_config_id: 'kinds-p' },
      },
      {
        kind: 'global_rule',
        id: 'kinds-g',
        object: { plugins: { 'response-rewrite': { headers: { set: { 'X-G': '1' } } } } },
      },
      { kind: 'plugin_metadata', id: 'file-logger', object: { log_format: { host: '$host' } } },
      { kind: 'ssl', id: 'kinds-c', object: { cert, key, snis: ['kinds.example'] } },
    ];
    const stack = stackOf('kinds', [], { objects });
    const outcomes = await sync(stack);
    expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([]);
    expect(await changesOf(stack, { prune: true })).toEqual([]);
    await expect
      .poll(async () => {
        const { headers } = await context.http(`${gateway().url}/kinds`, { timeoutMs: 5_000 });
        return [headers['x-s'], headers['x-g'], headers['x-request-id'] !== undefined];
      })
      .toEqual(['1', '1', true]);

    const renewed = await certificate('kinds.example');
    const other = objects.map((each) =>
      each.kind === 'ssl' ? { ...each, object: { ...renewed, snis: ['kinds.example'] } } : each,
    );
    expect(await changesOf(stackOf('kinds', [], { objects: other }))).toMatchObject([
      { action: 'update', kind: 'ssl', name: 'kinds-c' },
    ]);

    // Without the ledger nothing tells whose they are.
    const forgotten = await temporaryFolder('qbtc-ledger-');
    const { leftovers } = await planRoutes(context, { ...stackOf('kinds', []), root: forgotten });
    expect(leftovers.map(({ kind }) => kind).sort()).toEqual([
      'plugin_config',
      'route',
      'service',
      'ssl',
      'upstream',
    ]);

    const gone = await sync(stackOf('kinds', []), { prune: true });
    expect(gone.filter(({ status }) => status !== 'done')).toEqual([]);
    expect(gone).toHaveLength(objects.length);
    expect((await planRoutes(context, stackOf('kinds', []))).leftovers).toEqual([]);
  });

  it('takes over what is not ours only when asked to', async () => {
    const theirs = stackOf('them', [{ name: 'api', port, routes: [{ name: 'r', uri: '/adopt' }] }]);
    await sync(theirs);
    const objects: DeclaredObject[] = [
      { kind: 'route', id: 'them-r', object: { uri: '/adopt', upstream_id: 'us-api' } },
    ];
    const ours = stackOf('us', [{ name: 'api', port, routes: [{ name: 'own', uri: '/adopt/own' }] }], {
      objects,
    });
    const refused = await sync(ours);
    expect(refused.find(({ change }) => change.name === 'them-r')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('it belongs to the stack them; --adopt takes it over'),
    });
    expect(await changesOf(ours, { adopt: true })).toMatchObject([
      { action: 'update', name: 'them-r', reason: 'taken over: it belongs to the stack them' },
    ]);
    const taken = await sync(ours, { adopt: true });
    expect(taken.filter(({ status }) => status !== 'done')).toEqual([]);
    expect(await changesOf(ours, { adopt: true, prune: true })).toEqual([]);
    await sync(stackOf('us', []), { prune: true });
    await sync(stackOf('them', []), { prune: true });
  });

  it('with --atomic puts everything back when one change fails', async () => {
    const before = stackOf('atomic', [
      {
        name: 'api',
        port,
        routes: [
          { name: 'kept', uri: '/atomic/1' },
          { name: 'gone', uri: '/atomic/2' },
        ],
      },
    ]);
    await sync(before);
    const after = stackOf('atomic', [
      {
        name: 'api',
        port,
        routes: [
          { name: 'kept', uri: '/atomic/changed' },
          { name: 'new', uri: '/atomic/3' },
          { name: 'bad', uri: '/atomic/4', plugins: { 'limit-count': { count: -1, time_window: 1 } } },
        ],
      },
    ]);
    const outcomes = await sync(after, { atomic: true, prune: true });
    expect(outcomes.some(({ status }) => status === 'done')).toBe(false);
    expect(outcomes.find(({ change }) => change.name === 'atomic-bad')?.status).toBe('failed');
    expect(await changesOf(before, { prune: true })).toEqual([]);
    await inForce('/atomic/2');
    await sync(stackOf('atomic', []), { prune: true });
  });

  it('with --atomic an interruption puts back, too', async () => {
    const before = stackOf('cut', [{ name: 'api', port, routes: [{ name: 'kept', uri: '/cut/1' }] }]);
    await sync(before);
    const routes = Array.from({ length: 20 }, (_, index) => ({
      name: `n${index}`,
      uri: `/cut/new/${index}`,
    }));
    const after = stackOf('cut', [
      { name: 'api', port, routes: [{ name: 'kept', uri: '/cut/2' }, ...routes] },
    ]);
    const interruption = new AbortController();
    const interrupted = { ...context, interrupted: interruption.signal };
    const planned = await planRoutes(interrupted, after);
    const outcomes = await applyRoutes(interrupted, after, planned, {
      atomic: true,
      concurrency: 2,
      onProgress: () => interruption.abort(new Error('interrupted')),
    });
    if (gateway().mode === 'standalone-api') {
      // Written in one piece: it was over before anybody could interrupt it.
      expect(outcomes.every(({ status }) => status === 'done')).toBe(true);
      return;
    }
    expect(outcomes.filter(({ status }) => status === 'done')).toEqual([]);
    expect(outcomes.some(({ status }) => status === 'reverted')).toBe(true);
    expect(await changesOf(before, { prune: true })).toEqual([]);
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

  it('registers what was found beside what is declared: neither touches the other, nor what is not ours', async () => {
    const stack = stackOf('found', [{ name: 'api', port, routes: [{ name: 'own', uri: '/found/own' }] }]);
    await sync(stack);
    const shop: RegisteredService = {
      id: 'found.shop',
      name: 'shop',
      uris: ['/found/shop', '/found/shop/*'],
      plugins: { 'proxy-rewrite': { regex_uri: ['^/found/shop/?(.*)$', '/$1'] } },
      health: '/health',
      voucher: 'docker',
      nodes: [{ host: '127.0.0.1', port, weight: 1 }],
    };
    const register = async (discovered: RegisteredService[]) =>
      applyRoutes(context, stack, await planRoutes(context, stack, { discovered }));
    const answer = (path: string) => context.http(`${gateway().url}${path}`, { timeoutMs: 5_000 });

    expect((await register([shop])).map(({ status }) => status)).toEqual(['done', 'done']);
    await inForce('/found/shop/x');
    expect((await answer('/found/shop/x')).body).toBe('GET /x');
    expect((await answer('/found/shop')).body).toBe('GET /');
    expect((await planRoutes(context, stack, { discovered: [shop] })).changes).toEqual([]);
    expect((await planRoutes(context, stack, { prune: true })).changes).toEqual([]);

    // Without an instance the route stays, and says that there is a service, but not now.
    await register([{ ...shop, nodes: [] }]);
    await expect.poll(async () => (await answer('/found/shop/x')).status).toBe(503);
    expect((await planRoutes(context, stack, { discovered: [{ ...shop, nodes: [] }] })).changes).toEqual([]);

    await put('route', 'somebody', {
      uri: '/found/theirs',
      upstream: { type: 'roundrobin', nodes: { '127.0.0.1:1': 1 } },
    });
    const greedy = (id: string, uris: string[]) => ({ ...shop, id, uris });
    const refused = await planRoutes(context, stack, {
      discovered: [
        greedy('found.a', ['/found/theirs']),
        greedy('found.b', ['/found/own']),
        greedy('found-own', ['/found/other']),
      ],
    });
    const blocked = Object.fromEntries(
      refused.changes.filter((each) => each.kind === 'route').map(({ name, blocked: why }) => [name, why]),
    );
    expect(blocked).toMatchObject({
      'found.a': expect.stringContaining('route somebody serves /found/theirs already'),
      'found.b': expect.stringContaining('route found-own serves /found/own already: declared by this stack'),
      'found-own': 'a declared route of this stack has this id',
    });
    await remove('route', 'somebody');

    // Nobody knows whether it is gone while the one who vouches for it cannot be asked.
    expect(await planRoutes(context, stack, { discovered: [], blind: ['docker'] })).toMatchObject({
      changes: [],
      leftovers: [{ name: 'found.shop' }, { name: 'found.shop' }],
    });
    expect((await register([])).map(({ change: { action, name } }) => `${action} ${name}`)).toEqual([
      'delete found.shop',
      'delete found.shop',
    ]);
    await inForce('/found/own');
    await sync(stackOf('found', []), { prune: true });
  });

  it('says when the key is wrong, or the address is not the Admin API', async () => {
    const stack = (url: string, key: string) =>
      stackWith({
        name: 'wrong',
        admin: { url, key, ...(gateway().mode === undefined ? {} : { mode: gateway().mode as GatewayMode }) },
      });
    await expect(planRoutes(context, stack(gateway().adminUrl, 'not-the-key'))).rejects.toMatchObject({
      code: 'GATEWAY_KEY_REFUSED',
      message: expect.not.stringContaining('not-the-key'),
    });
    await expect(planRoutes(context, stack(gateway().url, gateway().adminKey))).rejects.toMatchObject({
      code: 'GATEWAY_NOT_APISIX',
    });
  });
}
