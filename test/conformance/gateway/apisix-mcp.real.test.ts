import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, startTestGateway, type TestGateway } from '../../embedded/gateway/support/gateway.ts';
import { startUpstream, type TestUpstream } from '../../embedded/gateway/support/upstream.ts';

const CLIENT = 'apisix-mcp@0.0.7';

/** The folder with the client in it; a reason where npm cannot bring it. */
async function installed(): Promise<{ folder: string } | { unavailable: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-apisix-mcp-'));
  const options = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-save',
    '--fetch-retries=0',
    '--prefix',
    folder,
  ];
  try {
    await promisify(execFile)('npm', ['install', ...options, CLIENT], { timeout: 120_000 });
    return { folder };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    return { unavailable: `npm cannot install ${CLIENT}: ${(error as Error).message.split('\n')[0]}` };
  }
}

const found = await installed();

const TITLE = `${CLIENT}, which knows APISIX's Admin API and not this gateway`;
if ('unavailable' in found) it(TITLE, ({ skip }) => skip(found.unavailable));
else describe(TITLE, () => clientTests(found.folder));

function clientTests(folder: string): void {
  let gateway: TestGateway;
  let upstream: TestUpstream;
  let client: ChildProcess;
  const answers = new Map<number, (result: unknown) => void>();
  let asked = 0;

  beforeAll(async () => {
    gateway = await startTestGateway();
    upstream = await startUpstream((request, response) => response.end(`hello ${request.url}`));
    client = spawn(process.execPath, [join(folder, 'node_modules/apisix-mcp/dist/index.js')], {
      env: {
        ...process.env,
        APISIX_SERVER_PORT: String(gateway.port),
        APISIX_ADMIN_API_PORT: String(gateway.adminPort),
        APISIX_ADMIN_KEY: ADMIN_KEY,
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    if (client.stdout === null) throw new Error('the client has no output');
    createInterface({ input: client.stdout }).on('line', (line) => {
      const { id, result, error } = JSON.parse(line) as { id?: number; result?: unknown; error?: unknown };
      if (id !== undefined) answers.get(id)?.(result ?? { error });
    });
    const clientInfo = { name: 'qbtc-test', version: '1' };
    await ask('initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo });
    send({ method: 'notifications/initialized' });
  });
  afterAll(async () => {
    client.kill();
    await once(client, 'close');
    await Promise.all([gateway.close(), upstream.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  function send(message: object): void {
    client.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  function ask(method: string, params: object): Promise<unknown> {
    const id = ++asked;
    return new Promise((resolve) => {
      answers.set(id, resolve);
      send({ id, method, params });
    });
  }

  /** What a tool gives, as the client shows it; an error of the gateway is none of a test's. */
  async function call<T>(name: string, args: object): Promise<T> {
    const result = (await ask('tools/call', { name, arguments: args })) as {
      isError?: boolean;
      content?: { text: string }[];
    };
    const text = result.content?.[0]?.text ?? JSON.stringify(result);
    expect(result.isError, `${name}: ${text}`).not.toBe(true);
    return JSON.parse(text) as T;
  }

  interface Kept {
    key: string;
    value: Record<string, unknown>;
  }

  it('makes what a guarded route needs, and gets through', async () => {
    const nodes = [{ host: '127.0.0.1', port: upstream.port, weight: 1 }];
    await call('create_upstream', { id: 'u1', upstream: { type: 'roundrobin', nodes } });
    await call('create_service', { id: 's1', service: { upstream_id: 'u1', name: 'greetings' } });
    const made = await call<Kept>('create_route', {
      id: 'r1',
      route: { uri: '/hello/*', service_id: 's1', upstream_id: 'u1', plugins: { 'key-auth': {} } },
    });
    expect(made).toMatchObject({ key: '/apisix/routes/r1', value: { service_id: 's1' } });
    await call('create_or_update_consumer', {
      username: 'jack',
      plugins: { 'key-auth': { key: 'jack-key' } },
    });
    const requests = [
      { path: '/hello/jack', method: 'GET', headers: { apikey: 'jack-key' } },
      { path: '/hello/jack', method: 'GET', headers: { apikey: 'of nobody' } },
    ];
    const { results } = await call<{ results: { status: number; data: unknown }[] }>(
      'send_request_to_gateway',
      { requests },
    );
    expect(results.map(({ status, data }) => [status, data])).toEqual([
      [200, 'hello /hello/jack'],
      [401, { message: 'Invalid API key in request' }],
    ]);
  });

  it('changes what is there', async () => {
    await call('update_route', { id: 'r1', route: { desc: 'greets', plugins: { 'key-auth': null } } });
    const { value } = await call<Kept>('get_resource', { type: 'routes', id: 'r1' });
    expect([value.desc, value.plugins]).toEqual(['greets', {}]);
    await call('create_global_rule', {
      id: 'g1',
      plugins: { 'response-rewrite': { headers: { 'X-All': 'yes' } } },
    });
    const { results } = await call<{ results: { headers: Record<string, string> }[] }>(
      'send_request_to_gateway',
      {
        requests: [{ path: '/hello/you', method: 'GET' }],
      },
    );
    expect(results[0]?.headers['x-all']).toBe('yes');
  });

  it.each([
    ...['routes', 'services', 'upstreams', 'consumers', 'ssls', 'consumer_groups'],
    ...['plugin_configs', 'global_rules', 'protos'],
  ])('lists the %s', async (type) => {
    const { total } = await call<{ total: number }>('get_resource', { type });
    expect(total).toBe(
      ['routes', 'services', 'upstreams', 'consumers', 'global_rules'].includes(type) ? 1 : 0,
    );
  });

  it('knows the plugins', async () => {
    expect(await call('get_all_plugin_names', {})).toContain('key-auth');
    expect(await call('get_plugin_schema', { name: 'limit-count' })).toHaveProperty('properties.time_window');
  });

  it('takes all away, in the order of what refers to what', async () => {
    for (const [type, id] of [
      ['global_rules', 'g1'],
      ['routes', 'r1'],
      ['services', 's1'],
      ['upstreams', 'u1'],
      ['consumers', 'jack'],
    ])
      expect(await call('delete_resource', { type, id })).toMatchObject({ deleted: '1' });
  });
}
