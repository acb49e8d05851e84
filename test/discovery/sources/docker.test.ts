import { expect, test } from 'vitest';
import { PLACE_LABEL, placeOf } from '../../../src/config/place.ts';
import { discover } from '../../../src/discovery/discover.ts';
import { changeOf } from '../../../src/discovery/sources/docker.ts';
import { service } from '../../flow/chain.ts';
import { container, scriptedEngine } from '../../support/docker/scripted-engine.ts';
import { freePorts } from '../../support/ports.ts';
import { emptyStack } from '../../support/stack.ts';

test('500 containers cost as many calls as one', async () => {
  const containers = Array.from({ length: 500 }, (_, index) => container(index));
  const { context, requests } = await scriptedEngine(containers);
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
  const { context } = await scriptedEngine([container(1, { State: state, Status: status, Ports: ports })]);
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
  const { context } = await scriptedEngine([
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

const exposed = (port: number, published?: object) => ({ PrivatePort: port, Type: 'tcp', ...published });

test('where it is reached: published, in its network, on the network of the host', async () => {
  const { context } = await scriptedEngine([
    container(1, { Ports: [exposed(3000, { IP: '0.0.0.0', PublicPort: 32_768 })] }),
    container(2, {
      Labels: { 'qbtc.service': 'true' },
      Ports: [exposed(4000)],
      NetworkSettings: { Networks: { own: { IPAddress: '172.18.0.2' } } },
    }),
    container(3, { HostConfig: { NetworkMode: 'host' } }),
  ]);
  const { services } = await discover(context, emptyStack('/stack'), { sources: ['docker'] });
  expect(services.map(({ instances }) => instances[0]?.address)).toEqual([
    { host: '127.0.0.1', port: 32_768 },
    { host: '172.18.0.2', port: 4000 },
    { host: '127.0.0.1', port: 3000 },
  ]);
});

test('one that runs and cannot be reached gets no route, and is told why', async () => {
  const running = { State: 'running', Status: 'Up 1 second' };
  const { context } = await scriptedEngine([
    container(4, running),
    container(5, { ...running, Labels: { 'qbtc.service': 'true' }, Ports: [exposed(1), exposed(2)] }),
    container(6, { ...running, Labels: { 'qbtc.service': 'true' } }),
  ]);
  const { services, findings } = await discover(context, emptyStack('/stack'), { sources: ['docker'] });
  expect(services.map(({ unrouted }) => unrouted)).toEqual([
    'port 3000 is not published, and it is in no network',
    'it has the ports 1 and 2, and qbtc.port does not say which',
    'it has no port, and qbtc.port names none',
  ]);
  expect(findings.map(({ code }) => code)).toEqual(['no-port', 'no-port', 'no-port']);
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
