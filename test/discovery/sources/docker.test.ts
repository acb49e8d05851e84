import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { PLACE_LABEL, placeOf } from '../../../src/config/place.ts';
import { discover } from '../../../src/discovery/discover.ts';
import { changeOf } from '../../../src/discovery/sources/docker.ts';
import { watchServices } from '../../../src/discovery/watch/index.ts';
import { createDocker } from '../../../src/system/docker.ts';
import { service } from '../../flow/chain.ts';
import { freePorts } from '../../support/ports.ts';
import { quietContext } from '../../support/quiet-context.ts';
import { scriptedServer } from '../../support/scripted-server.ts';
import { emptyStack } from '../../support/stack.ts';

/** A container as `GET /containers/json` of API 1.41 gives it. */
function container(index: number, changes: Record<string, unknown> = {}) {
  const id = index.toString(16).padStart(64, '0');
  return {
    Id: id,
    Names: [`/web-${index}`],
    Image: `shop/web-${index}:1`,
    Created: 1_700_000_000 + index,
    State: 'exited',
    Status: 'Exited (1) 2 minutes ago',
    Labels: { 'qbtc.service': 'true', 'qbtc.port': '3000' },
    Ports: [],
    NetworkSettings: { Networks: { bridge: { IPAddress: '' } } },
    HostConfig: { NetworkMode: 'bridge' },
    ...changes,
  };
}

/** An engine that lists these containers; `onEvents` is handed each stream of events. */
async function engine(containers: object[], onEvents: (response: ServerResponse) => void = () => {}) {
  const server = await scriptedServer((request, response) => {
    const url = String(request.url);
    if (url.includes('/events')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      onEvents(response);
    } else if (url.includes('/containers/json')) response.end(JSON.stringify(containers));
    else response.end('OK');
  });
  onTestFinished(() => server.close());
  const docker = createDocker({ DOCKER_HOST: server.url.replace('http:', 'tcp:') }, 'linux');
  return { context: { ...quietContext(), docker }, requests: server.requests };
}

test('500 containers cost as many calls as one', async () => {
  const containers = Array.from({ length: 500 }, (_, index) => container(index));
  const { context, requests } = await engine(containers);
  const { services } = await discover(context, emptyStack('/stack'), { sources: ['docker'] });
  expect(services).toHaveLength(500);
  expect(services.every(({ condition }) => condition === 'crashed')).toBe(true);
  expect(requests.length).toBeLessThanOrEqual(2);
});

test.each([
  ['exited', 'Exited (0) 1 second ago', 'stopped'],
  ['exited', 'Exited (143) 1 second ago', 'stopped'],
  ['exited', 'Exited (137) 1 second ago', 'crashed'],
  ['exited', 'Exited (1) 1 second ago', 'crashed'],
  ['dead', 'Dead', 'stopped'],
  ['created', 'Created', 'stopped'],
  ['restarting', 'Restarting (1) 2 seconds ago', 'restarting'],
  ['paused', 'Up 2 minutes (Paused)', 'unhealthy'],
  ['running', 'Up 2 minutes (unhealthy)', 'unhealthy'],
])('%s, %s is %s', async (state, status, condition) => {
  const [port = 0] = await freePorts(1);
  const ports = [{ IP: '127.0.0.1', PrivatePort: 3000, PublicPort: port, Type: 'tcp' }];
  const { context } = await engine([container(1, { State: state, Status: status, Ports: ports })]);
  const { services } = await discover(context, emptyStack('/stack'), { sources: ['docker'] });
  expect(services).toMatchObject([{ condition }]);
});

test('whose it is: of this stack, of compose, of another stack, of nobody', async () => {
  const compose = (project: string, name: string, more: Record<string, string> = {}) => ({
    'com.docker.compose.project': project,
    'com.docker.compose.service': name,
    ...more,
  });
  const mine = { 'managed-by': 'qbtc', [PLACE_LABEL]: placeOf('/stack') };
  const others = { 'managed-by': 'qbtc', [PLACE_LABEL]: placeOf('/elsewhere') };
  const labelled = { 'qbtc.service': 'true', 'qbtc.port': '1' };
  const { context } = await engine([
    container(1, { Labels: compose('qbtc-acme', 'core', mine) }),
    container(2, { Labels: compose('qbtc-acme', 'core', { ...others, ...labelled }) }),
    container(3, { Labels: compose('shop', 'cart', labelled) }),
    container(4, { Labels: compose('shop', 'cart', labelled) }),
    container(5, { Labels: compose('shop', 'task', { ...labelled, 'com.docker.compose.oneoff': 'True' }) }),
    container(6, { Labels: compose('shop', 'database') }),
  ]);
  const stack = emptyStack('/stack', { services: [service('core', 8001)] });
  const { services, findings } = await discover(context, stack, { sources: ['docker'] });
  expect(services.map(({ name, origin, instances }) => [name, origin, instances.length])).toEqual([
    ['core', 'declared', 1],
    ['cart', 'labelled', 2],
  ]);
  expect(findings).toEqual([]);
});

test('where it is reached: published, in its network, on the network of the host, or nowhere', async () => {
  const running = { State: 'running', Status: 'Up 1 second (unhealthy)' };
  const exposed = (port: number, published?: object) => ({ PrivatePort: port, Type: 'tcp', ...published });
  const { context } = await engine([
    container(1, { ...running, Ports: [exposed(3000, { IP: '0.0.0.0', PublicPort: 32_768 })] }),
    container(2, {
      ...running,
      Labels: { 'qbtc.service': 'true' },
      Ports: [exposed(4000)],
      NetworkSettings: { Networks: { own: { IPAddress: '172.18.0.2' } } },
    }),
    container(3, { ...running, HostConfig: { NetworkMode: 'host' } }),
    container(4, running),
    container(5, { ...running, Labels: { 'qbtc.service': 'true' }, Ports: [exposed(1), exposed(2)] }),
  ]);
  const { services } = await discover(context, emptyStack('/stack'), { sources: ['docker'] });
  const places = services.map(({ name, instances, unrouted }) => [name, instances[0]?.address, unrouted]);
  expect(places).toEqual([
    ['web-1', { host: '127.0.0.1', port: 32_768 }, ''],
    ['web-2', { host: '172.18.0.2', port: 4000 }, ''],
    ['web-3', { host: '127.0.0.1', port: 3000 }, ''],
    ['web-4', undefined, 'port 3000 is not published, and it is in no network'],
    ['web-5', undefined, 'it has the ports 1 and 2, and qbtc.port does not say which'],
  ]);
});

/** Recorded from Docker 20.10.24, shortened. */
test.each([
  ['{"Type":"container","Action":"start","Actor":{"ID":"abcdef012345ff"}}', { what: 'started' }],
  [
    '{"Type":"container","Action":"kill","Actor":{"ID":"abcdef012345ff","Attributes":{"signal":"15"}}}',
    { what: 'stopping' },
  ],
  [
    '{"Type":"container","Action":"die","Actor":{"ID":"abcdef012345ff","Attributes":{"exitCode":"3"}}}',
    { what: 'ended', exitCode: 3 },
  ],
  ['{"Type":"container","Action":"stop","Actor":{"ID":"abcdef012345ff"}}', { what: 'stopping' }],
])('%s', (line, change) => {
  expect(changeOf(line)).toEqual({ instance: 'docker:abcdef012345', ...change });
});
test.each([
  ['{"Action":"kill","Actor":{"ID":"a","Attributes":{"signal":"9"}}}', 'something'],
  ['{"Action":"health_status: healthy","Actor":{"ID":"a"}}', 'something'],
  ['{"Action":"exec_create: sh","Actor":{"ID":"a"}}', undefined],
  ['{"Action":"top"}', undefined],
  ['{', undefined],
  ['', undefined],
])('%s means %s', (line, change) => {
  expect(changeOf(line)).toBe(change);
});

test('a thousand events a second are looked at a few times, and a lost stream is taken up again', async () => {
  const event = JSON.stringify({ Action: 'rename', Actor: { ID: 'abc' } });
  let streams = 0;
  const { context, requests } = await engine([container(1)], (response) => {
    streams += 1;
    const flood = async () => {
      for (let batch = 0; batch < 20; batch += 1) {
        response.write(`${event}\n`.repeat(50));
        await sleep(50);
      }
      response.end();
    };
    void flood();
  });
  const end = new AbortController();
  const said: string[] = [];
  await watchServices(context, emptyStack('/stack'), {
    sources: ['docker'],
    end: end.signal,
    async onLook({ changes }) {
      said.push(...changes.map(({ change }) => change));
      if (streams >= 2 && said.includes('source-back')) end.abort();
    },
  });
  expect(said).toEqual(['crashed', 'source-lost', 'source-back']);
  const lists = requests.filter((request) => request.includes('/containers/json')).length;
  expect(lists).toBeLessThan(15);
  // Subscribed before anything was listed: nothing is missed in between.
  const first = requests.findIndex((request) => request.includes('/containers/json'));
  expect(requests.slice(0, first).some((request) => request.includes('/events'))).toBe(true);
});
