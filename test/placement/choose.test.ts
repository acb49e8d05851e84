import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type RunningRedis, startRedis } from '../../src/embedded/redis/server.ts';
import type { InfrastructurePlan } from '../../src/model/placement.ts';
import type { ProviderName, Resource } from '../../src/model/resource.ts';
import type { Service, Stack } from '../../src/model/stack.ts';
import { chooseProviders } from '../../src/placement/choose.ts';
import { NOTHING_RUNS, type RunningParts } from '../../src/placement/running-parts.ts';
import type { Offer, Provider } from '../../src/resources/provider.ts';
import { external } from '../../src/resources/providers/external.ts';
import type { ContainerStatus } from '../../src/runtimes/containers/containers.ts';
import type { ProcessStatus } from '../../src/runtimes/processes/protocol.ts';
import { freePorts } from '../support/ports.ts';
import { quietContext } from '../support/quiet-context.ts';
import { emptyStack, PLAIN_SERVICE } from '../support/stack.ts';

const context = quietContext();
const password = 'a-long-password';
const folders: string[] = [];
const servers: (RunningRedis | Server)[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** What machines have, one by one: which provider can provide what there. `external` always looks for real. */
function machine(has: Partial<Record<ProviderName, true | string>>): Record<ProviderName, Provider> {
  const member = (name: ProviderName): Provider => ({
    name,
    async offer(): Promise<Offer> {
      const can = has[name];
      if (can === true) return { available: true, reason: `${name} is here`, loss: `lost by ${name}` };
      return { available: false, reason: can ?? `no ${name} here` };
    },
  });
  return {
    docker: member('docker'),
    native: member('native'),
    embedded: member('embedded'),
    external,
  };
}

const BARE = machine({ embedded: true });
const INSTALLED = machine({ embedded: true, native: true });
const DOCKER = machine({ embedded: true, native: true, docker: true });

function redisResource(port: number, changes: Partial<Resource> = {}): Resource {
  return {
    name: 'cache',
    kind: 'redis',
    ports: { main: port },
    endpoint: { url: `redis://:${password}@127.0.0.1:${port}/0`, host: '127.0.0.1', port, password },
    ...changes,
  };
}

function gatewayResource(port: number, changes: Partial<Resource> = {}): Resource {
  const endpoint = { url: `http://127.0.0.1:${port}`, host: '127.0.0.1', port, adminKey: 'k' };
  return { name: 'gateway', kind: 'apisix', ports: { main: port }, endpoint, ...changes };
}

function service(port: number, changes: Partial<Service> = {}): Service {
  return {
    name: 'api',
    path: '/nowhere',
    command: ['true'],
    port,
    ...PLAIN_SERVICE,
    dependsOn: ['cache'],
    env: {},
    containerEnv: {},
    routes: [],
    ...changes,
  };
}

async function redis(ownPassword: string): Promise<number> {
  const server = await startRedis({ host: '127.0.0.1', port: 0, password: ownPassword }, () => {});
  servers.push(server);
  return server.port;
}

/** A stack with a cache, a gateway and a service, and a compose file that has all of them. */
async function wholeStack(changes: Partial<Stack> = {}): Promise<Stack> {
  const root = await mkdtemp(join(tmpdir(), 'qbtc choose ü '));
  folders.push(root);
  await mkdir(join(root, 'infrastructure'));
  await writeFile(
    join(root, 'infrastructure', 'docker-compose.yml'),
    [
      'services:',
      '  cache: { image: redis }',
      '  gateway: { image: gateway }',
      '  api: { image: api }',
      '',
    ].join('\n'),
  );
  const [cache = 0, gateway = 0, api = 0] = await freePorts(3);
  return emptyStack(root, {
    resources: [redisResource(cache), gatewayResource(gateway)],
    services: [service(api)],
    ...changes,
  });
}

function running(name: string, ports: number[] = []): ProcessStatus {
  return {
    name,
    pid: 2 ** 22 + 1,
    startTime: '1',
    state: 'running',
    reason: '',
    restarts: 0,
    kept: true,
    ports,
    dependsOn: [],
    stopSignal: 'SIGTERM',
    stopsGroup: true,
    stopTimeoutMs: 1,
    fingerprint: '',
  };
}

function container(service: string, ports: number[] = []): ContainerStatus {
  return {
    service,
    id: service,
    name: service,
    state: 'running',
    exitCode: undefined,
    failed: false,
    health: 'healthy',
    reason: '',
    startedAt: undefined,
    restarts: 0,
    pid: undefined,
    ports,
  };
}

const providersOf = ({ choices }: InfrastructurePlan) =>
  Object.fromEntries(choices.map(({ resource, provider }) => [resource, provider]));

describe('a machine', () => {
  test.each([
    ['with nothing: embedded parts', BARE, 'fallback', { cache: 'embedded', gateway: 'embedded' }, 'process'],
    ['with programs: those', INSTALLED, 'fallback', { cache: 'native', gateway: 'native' }, 'process'],
    ['with an engine: all in it', DOCKER, 'full_docker', { cache: 'docker', gateway: 'docker' }, 'container'],
  ] as const)('%s', async (_, registry, strategy, expected, runs) => {
    const plan = await chooseProviders(context, await wholeStack(), NOTHING_RUNS, {}, registry);
    expect(plan.strategy).toBe(strategy);
    expect(providersOf(plan)).toEqual(expected);
    expect(plan.services).toEqual([{ service: 'api', runs, reason: expect.any(String) }]);
    expect(plan.choices[0]).toMatchObject({ reason: expect.any(String), loss: `lost by ${expected.cache}` });
  });

  test('with an engine that cannot run the gateway: services stay outside, and so does the gateway', async () => {
    const registry = {
      ...DOCKER,
      docker: {
        ...DOCKER.docker,
        offer: async (_: unknown, __: unknown, { kind }: Resource): Promise<Offer> =>
          kind === 'apisix'
            ? { available: false, reason: 'no image' }
            : { available: true, reason: 'docker', loss: '' },
      },
    };
    const plan = await chooseProviders(context, await wholeStack(), NOTHING_RUNS, {}, registry);
    expect(plan.strategy).toBe('hybrid');
    expect(providersOf(plan)).toEqual({ cache: 'docker', gateway: 'native' });
    expect(plan.services[0]?.runs).toBe('process');
  });

  test('where the server answers already with our credentials: it is adopted', async () => {
    const stack = await wholeStack();
    stack.resources[0] = redisResource(await redis(password));
    const plan = await chooseProviders(context, stack, NOTHING_RUNS, {}, DOCKER);
    expect(providersOf(plan)).toEqual({ cache: 'external', gateway: 'native' });
    expect(plan.strategy).toBe('hybrid');
  });
});

test('a service that runs already is left where it is, whatever the rest runs in', async () => {
  const adopted = (url: string): Service => {
    const { port: _, command: __, ...rest } = service(1);
    return { ...rest, name: 'there', url, dependsOn: [] };
  };
  const stackWithIt = async (url: string) => {
    const stack = await wholeStack();
    return { ...stack, services: [...stack.services, adopted(url)] };
  };
  const runsIn = ({ services }: InfrastructurePlan) => services.map(({ runs }) => runs);
  const choose = async (url: string, placement = {}) =>
    chooseProviders(context, await stackWithIt(url), NOTHING_RUNS, placement, DOCKER);
  const far = await choose('https://billing.example');
  expect([far.strategy, runsIn(far)]).toEqual(['hybrid', ['container', 'adopted']]);
  // From a container this machine's loopback is another one.
  const near = await choose('http://localhost:9');
  expect(runsIn(near)).toEqual(['process', 'adopted']);
  expect(near.services[0]?.reason).toContain('there, which runs already, could not be reached');
  await expect(choose('https://billing.example', { strategy: 'fallback' })).rejects.toMatchObject({
    code: 'PROVIDER_IMPOSSIBLE',
    message: expect.stringContaining('there'),
  });
});

describe('what is asked for', () => {
  test.each([
    ['fallback', DOCKER, { cache: 'native', gateway: 'native' }, 'fallback'],
    ['hybrid', DOCKER, { cache: 'docker', gateway: 'native' }, 'hybrid'],
    ['full_docker', DOCKER, { cache: 'docker', gateway: 'docker' }, 'full_docker'],
  ] as const)('--strategy %s', async (strategy, registry, expected, name) => {
    const plan = await chooseProviders(context, await wholeStack(), NOTHING_RUNS, { strategy }, registry);
    expect(providersOf(plan)).toEqual(expected);
    expect(plan.strategy).toBe(name);
  });

  test('goes before what qbtc.yaml says', async () => {
    const stack = await wholeStack({ strategy: 'full_docker' });
    const placement = { providers: new Map<string, ProviderName>([['cache', 'embedded']]) };
    const plan = await chooseProviders(
      context,
      stack,
      NOTHING_RUNS,
      { ...placement, strategy: 'fallback' },
      DOCKER,
    );
    expect(providersOf(plan)).toEqual({ cache: 'embedded', gateway: 'native' });
  });

  test('all in Docker but the gateway: services in containers, and the whole is hybrid', async () => {
    const placement = {
      strategy: 'full_docker' as const,
      providers: new Map<string, ProviderName>([['gateway', 'embedded']]),
    };
    const plan = await chooseProviders(context, await wholeStack(), NOTHING_RUNS, placement, DOCKER);
    expect(plan).toMatchObject({
      strategy: 'hybrid',
      choices: [{ provider: 'docker' }, { provider: 'embedded' }],
      services: [{ runs: 'container' }],
    });
  });

  test('a service whose cache listens on the loopback only does not go into a container', async () => {
    const placement = {
      strategy: 'full_docker' as const,
      providers: new Map<string, ProviderName>([
        ['cache', 'embedded'],
        ['gateway', 'embedded'],
      ]),
    };
    const plan = await chooseProviders(context, await wholeStack(), NOTHING_RUNS, placement, DOCKER);
    expect(plan.services).toEqual([
      { service: 'api', runs: 'process', reason: 'api could not reach cache from a container' },
    ]);
  });

  test('what this machine cannot do is an error with the reason of each provider', async () => {
    const stack = await wholeStack();
    const refused = machine({ docker: 'the engine hangs' });
    await expect(
      chooseProviders(context, stack, NOTHING_RUNS, { strategy: 'full_docker' }, refused),
    ).rejects.toMatchObject({ code: 'RESOURCE_UNAVAILABLE', details: ['docker: the engine hangs'] });
    await expect(chooseProviders(context, stack, NOTHING_RUNS, {}, refused)).rejects.toMatchObject({
      details: ['docker: the engine hangs', 'native: no native here', 'embedded: no embedded here'],
    });
  });

  test('a resource that is declared external cannot be provided otherwise', async () => {
    const [port = 0] = await freePorts(1);
    const stack = emptyStack('/nowhere', {
      resources: [redisResource(port, { provider: 'external', ports: {} })],
    });
    const placement = { providers: new Map<string, ProviderName>([['cache', 'docker']]) };
    await expect(chooseProviders(context, stack, NOTHING_RUNS, placement, DOCKER)).rejects.toMatchObject({
      code: 'PROVIDER_IMPOSSIBLE',
      exit: 64,
    });
  });

  test('what is declared external and does not answer is an error, never replaced', async () => {
    const [port = 0] = await freePorts(1);
    const absent = emptyStack('/nowhere', { resources: [redisResource(port, { provider: 'external' })] });
    await expect(chooseProviders(context, absent, NOTHING_RUNS, {}, DOCKER)).rejects.toMatchObject({
      code: 'RESOURCE_UNAVAILABLE',
    });
  });
});

describe('what runs already', () => {
  test.each([
    'embedded',
    'native',
  ] as const)('as %s goes on as it is, with an engine beside it', async (provider) => {
    const stack = await wholeStack();
    const present: RunningParts = {
      processes: ['cache', 'gateway', 'api'].map((name) => running(name)),
      containers: [],
      plan: {
        strategy: 'fallback',
        choices: ['cache', 'gateway'].map((resource) => ({
          resource,
          provider,
          reason: '',
          loss: 'its loss',
        })),
        services: [{ service: 'api', runs: 'process', reason: '' }],
      },
    };
    const plan = await chooseProviders(context, stack, present, {}, DOCKER);
    expect(providersOf(plan)).toEqual({ cache: provider, gateway: provider });
    expect(plan.choices[0]).toMatchObject({ reason: 'runs already', loss: 'its loss' });
    expect(plan.services[0]?.runs).toBe('process');
  });

  test('in Docker goes on there, its ports no conflict', async () => {
    const port = await redis('somebody else, as the proxy of the engine would be');
    const stack = await wholeStack();
    stack.resources[0] = redisResource(port);
    const present: RunningParts = {
      processes: [],
      containers: [container('cache', [port])],
      plan: undefined,
    };
    const plan = await chooseProviders(context, stack, present, {}, DOCKER);
    expect(providersOf(plan)).toEqual({ cache: 'docker', gateway: 'docker' });
  });

  test('is given up for what is asked for', async () => {
    const present: RunningParts = { processes: [running('cache')], containers: [], plan: undefined };
    const plan = await chooseProviders(
      context,
      await wholeStack(),
      present,
      { strategy: 'full_docker' },
      DOCKER,
    );
    expect(providersOf(plan)).toEqual({ cache: 'docker', gateway: 'docker' });
  });

  test("by us is not adopted as somebody else's", async () => {
    const stack = await wholeStack();
    stack.resources[0] = redisResource(await redis(password), { provider: 'external' });
    const present: RunningParts = { processes: [running('cache')], containers: [], plan: undefined };
    await expect(chooseProviders(context, stack, present, {}, DOCKER)).rejects.toMatchObject({
      details: [expect.stringContaining('run by qbtc itself')],
    });
  });
});

test('every port that is in the way is told at once, with the process that holds it and why it is not adopted', async () => {
  const other = await redis('another-password');
  const server = createServer();
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stack = emptyStack('/nowhere', { resources: [redisResource(other)], services: [service(port)] });
  await expect(chooseProviders(context, stack, NOTHING_RUNS, {}, DOCKER)).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    details: [
      expect.stringMatching(
        `port ${other} \\(cache\\) is held by .+ \\(pid ${process.pid}\\); external: .*credentials`,
      ),
      expect.stringMatching(`port ${port} \\(api\\) is held by .+ \\(pid ${process.pid}\\)`),
    ],
  });
});
