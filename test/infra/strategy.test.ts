import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type RunningRedis, startRedis } from '../../src/embedded/redis/server.ts';
import { chooseProviders } from '../../src/infra/strategy.ts';
import type { Resource } from '../../src/model/resource.ts';
import { freePorts } from '../support/ports.ts';
import { quietContext } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

const context = quietContext();
const password = 'a-long-password';

function redisResource(port: number, changes: Partial<Resource> = {}): Resource {
  return {
    name: 'cache',
    kind: 'redis',
    ports: { main: port },
    endpoint: { url: `redis://:${password}@127.0.0.1:${port}/0`, host: '127.0.0.1', port, password },
    ...changes,
  };
}

describe('who provides a resource', () => {
  const running: (RunningRedis | Server)[] = [];
  afterEach(async () => {
    for (const server of running.splice(0)) await server.close();
  });
  const redis = async (ownPassword: string) => {
    const server = await startRedis({ host: '127.0.0.1', port: 0, password: ownPassword }, () => {});
    running.push(server);
    return server.port;
  };

  test('an embedded part where the port is free, with what is lost by it', async () => {
    const [port = 0] = await freePorts(1);
    const plan = await chooseProviders(
      context,
      emptyStack('/nowhere', { resources: [redisResource(port)] }),
      new Set(),
    );
    expect(plan).toMatchObject({
      strategy: 'fallback',
      choices: [{ resource: 'cache', provider: 'embedded', loss: expect.stringContaining('volatile') }],
    });
  });

  test('what answers already with the credentials of the stack is adopted', async () => {
    const stack = emptyStack('/nowhere', { resources: [redisResource(await redis(password))] });
    const plan = await chooseProviders(context, stack, new Set());
    expect(plan).toMatchObject({ strategy: 'hybrid', choices: [{ provider: 'external' }] });
  });

  test('what our own supervisor runs is not adopted', async () => {
    const stack = emptyStack('/nowhere', { resources: [redisResource(await redis(password))] });
    const plan = await chooseProviders(context, stack, new Set(['cache']));
    expect(plan).toMatchObject({
      strategy: 'fallback',
      choices: [{ provider: 'embedded', reason: 'runs already' }],
    });
  });

  test('every port that is in the way is told at once, with the process that holds it', async () => {
    const other = await redis('another-password');
    const server = createServer();
    running.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const service = {
      name: 'api',
      path: '/nowhere',
      command: ['true'],
      port,
      replicas: 1,
      health: '/health',
      metrics: '/metrics',
      dependsOn: [],
      env: {},
      containerEnv: {},
      routes: [],
    };
    const stack = emptyStack('/nowhere', { resources: [redisResource(other)], services: [service] });
    await expect(chooseProviders(context, stack, new Set())).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      details: [
        expect.stringMatching(`port ${port} \\(api\\) is held by .+ \\(pid ${process.pid}\\)`),
        expect.stringMatching(`port ${other} \\(cache\\) is held by .+ \\(pid ${process.pid}\\)`),
      ],
    });
  });

  test('a resource that is declared external and does not answer is an error, never replaced', async () => {
    const [port = 0] = await freePorts(1);
    const absent = redisResource(port, { provider: 'external' });
    await expect(
      chooseProviders(context, emptyStack('/nowhere', { resources: [absent] }), new Set()),
    ).rejects.toMatchObject({ code: 'RESOURCE_UNAVAILABLE' });
    const wrong = redisResource(await redis('another-password'), { provider: 'external' });
    await expect(
      chooseProviders(context, emptyStack('/nowhere', { resources: [wrong] }), new Set()),
    ).rejects.toThrow(/refuses the credentials/);
  });

  test('a provider that this qbtc does not have is named', async () => {
    const stack = emptyStack('/nowhere', { resources: [redisResource(1, { provider: 'docker' })] });
    await expect(chooseProviders(context, stack, new Set())).rejects.toMatchObject({
      code: 'PROVIDER_MISSING',
    });
  });
});
