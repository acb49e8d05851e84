import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Discovery } from '../../src/model/discovery.ts';
import type { Stack } from '../../src/model/stack.ts';
import { newStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc } from '../support/qbtc.ts';

let root = '';
let stack: Stack;
let takeDown = async () => {};
let stray: Server;

beforeAll(async () => {
  [root, takeDown] = await newStack('seen');
  const { code, stderr } = await qbtc(['up'], root);
  expect(code, stderr).toBe(0);
  stack = await openStackAt(root);
  stray = createServer((request, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ service: 'stray', path: request.url })),
  );
  await new Promise<void>((resolve) => stray.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  stray.closeAllConnections();
  stray.close();
  await takeDown();
});

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await qbtc(['discover', '--json', ...args], root);
  expect([0, 2], stderr).toContain(code);
  return JSON.parse(stdout);
};
const gatewayUrl = () => stack.resources.find(({ kind }) => kind === 'apisix')?.endpoint.url;

test('the services of a running stack are seen by all that can see them, and nothing else is taken for one', async () => {
  const { services, others, sources } = (await json()) as Discovery;
  const core = services.find(({ name, origin }) => name === 'quantum-core' && origin === 'declared');
  expect(core).toMatchObject({ condition: 'healthy', contradictions: [], route: null });
  expect(core?.sources.sort()).toEqual(['health', 'ports', 'processes', 'rabbitmq', 'registry', 'stack']);
  expect(core?.confidence).toBeGreaterThan(0.95);
  expect(services.find(({ name }) => name === 'llm-api')).toMatchObject({
    route: {
      from: 'declared',
      uris: ['/v1/chat/completions', '/v1/completions', '/v1/models', '/v1/models/*'],
    },
  });
  const resources = others.filter(({ found }) => found.includes('of seen ('));
  expect(resources.map(({ protocol }) => protocol)).toEqual(
    expect.arrayContaining(['amqp', 'redis', 'postgresql', 'http']),
  );
  expect(sources.filter(({ state }) => state === 'failed')).toEqual([]);
  for (const secret of Object.values(stack.secrets)) expect(JSON.stringify(services)).not.toContain(secret);
});

test('a service explains itself, and a name that is none is told the nearest', async () => {
  const { stdout } = await qbtc(['discover', '--explain', 'quantum-core'], root);
  expect(stdout).toMatch(/joined by port \d+, pid \d+/);
  const unknown = await qbtc(['discover', '--explain', 'quantum-cor'], root);
  expect(unknown.code).toBe(64);
  expect(unknown.stderr).toContain('did you mean "quantum-core"?');
});

test('registered once it is announced once; a stranger gets a route when it is named, and loses it after', async () => {
  const dry = await json('--register', '--dry-run');
  expect(dry).toMatchObject({ dryRun: true, changes: [] });
  const { announced } = await json('--register');
  expect(announced.map(({ name }: { name: string }) => name).sort()).toEqual([
    'exchange-simulator',
    'llm-api',
    'platform-api',
    'quantum-core',
    'trading-hft',
  ]);
  expect(await json('--register')).toMatchObject({ changes: [], announced: [], unannounced: '' });

  await json('--register', '--include', 'stray');
  const url = `${gatewayUrl()}/api/stray/hello`;
  expect((await fetch(url)).status).toBe(401);
  const answer = await fetch(url, { headers: { apikey: stack.secrets['api-key'] ?? '' } });
  expect(await answer.json()).toEqual({ service: 'stray', path: '/hello' });
  expect((await qbtc(['routes', 'diff', '--prune'], root)).code).toBe(0);

  // A source that is not asked takes nothing for gone.
  expect(await json('--register', '--source', 'ports')).toMatchObject({ announced: [] });
  await json('--register');
  expect((await fetch(url)).status).toBe(404);
});

test('another host is looked at by connecting to each port of the range', async () => {
  const { port } = stray.address() as AddressInfo;
  const range = `${port}-${port}`;
  const { services } = (await json('--scan', '--source', 'ports', '--port-range', range)) as Discovery;
  expect(services).toMatchObject([{ name: 'stray', origin: 'guessed', confidence: 0.86 }]);
});

test('what could be done only in part ends with 3, and says which part is missing', async () => {
  expect((await qbtc(['stop', 'broker'], root)).code).toBe(0);
  const { code, stdout } = await qbtc(['discover', '--register', '--include', 'stray', '--json'], root);
  expect(code).toBe(3);
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({
    announced: [],
    announcing: 'failed',
    unannounced: expect.stringContaining('ECONNREFUSED'),
  });
  expect(document.changes).toContainEqual(expect.objectContaining({ kind: 'route', status: 'done' }));
  expect((await qbtc(['up'], root)).code).toBe(0);
  // What could not be said is said then, with what has gone since.
  expect(await json('--register')).toMatchObject({ announcing: 'done', unannounced: '' });
});

test('a gateway that is away is an error, and nothing is half done', async () => {
  await qbtc(['stop', 'gateway'], root);
  const { code, stderr } = await qbtc(['discover', '--register'], root);
  expect(code).toBe(1);
  expect(stderr).toContain('cannot be reached');
});
