import { describe, expect, test } from 'vitest';
import { group } from '../../src/discovery/group.ts';
import type { Inspected } from '../../src/discovery/inspect.ts';
import { judge } from '../../src/discovery/judge.ts';
import { including, registrationsOf } from '../../src/discovery/registration.ts';
import type { Claim, Sighting } from '../../src/discovery/source.ts';
import { service } from '../flow/chain.ts';
import { emptyStack } from '../support/stack.ts';

const stack = emptyStack('/stack', {
  services: [
    service('llm-api', 8000, { routes: [{ name: 'chat', uris: ['/v1/chat', '/v1/chat/*'] }] }),
    service('core', 8001),
  ],
});

interface Options {
  claim?: Partial<Claim> & { name: string };
  source?: Sighting['source'];
  port?: number;
  identity?: string;
  more?: Sighting[];
  container?: string;
}

function candidate({
  claim,
  source = 'docker',
  port = 3000,
  identity,
  more = [],
  container,
}: Options): Inspected {
  const address = { host: '127.0.0.1', port };
  const said: Sighting = {
    source,
    found: `container ${claim?.name}-${port} (id) Up`,
    address,
    ...(claim === undefined ? {} : { claim: { origin: 'labelled', kin: `image:${claim.name}`, ...claim } }),
  };
  return {
    sightings: [said, ...more],
    addresses: [address],
    address,
    pid: undefined,
    container,
    joinedBy: [],
    listens: true,
    protocol: 'http',
    healthPath: '/health',
    holder: { whose: 'unrun' },
    running: undefined,
    health: {
      identity: identity ?? claim?.name,
      names: [identity ?? claim?.name].filter((name) => name !== undefined),
      version: undefined,
      document: undefined,
      path: '/health',
      isPage: false,
      refused: false,
      status: 200,
      found: 'answers 200',
    },
  };
}
const look = (...all: Inspected[]) => group(judge(all).named, stack, '/api');
const declared = (name: string, port: number) =>
  candidate({
    claim: {
      name,
      origin: 'declared',
      kin: 'stack:acme',
      uris: name === 'llm-api' ? ['/v1/chat', '/v1/chat/*'] : [],
    },
    source: 'stack',
    port,
  });

describe('names', () => {
  test('replicas of one image are one service', () => {
    const { services, findings } = look(
      candidate({ claim: { name: 'shop', since: 1 }, port: 1 }),
      candidate({ claim: { name: 'shop', since: 2 }, port: 2 }),
    );
    expect(services).toMatchObject([{ name: 'shop', instances: [{}, {}] }]);
    expect(findings).toEqual([]);
  });

  test('a rival for a declared name is refused, both named', () => {
    const { services, findings } = look(
      candidate({ claim: { name: 'core' }, port: 1 }),
      declared('core', 8001),
    );
    expect(services.map(({ name, origin, unrouted }) => [name, origin, unrouted])).toEqual([
      ['core', 'declared', 'qbtc.yaml declares no routes for it'],
      ['core', 'labelled', 'the name core belongs to core of qbtc.yaml'],
    ]);
    expect(findings).toMatchObject([{ code: 'name-taken', subject: 'container core-1' }]);
  });

  test('of two rivals the older one keeps the name', () => {
    const { services } = look(
      candidate({ claim: { name: 'shop', kin: 'image:new', since: 20 }, port: 2 }),
      candidate({ claim: { name: 'shop', kin: 'image:old', since: 10 }, port: 1 }),
    );
    expect(services.map(({ unrouted }) => unrouted)).toEqual([
      '',
      'the name shop belongs to container shop-1',
    ]);
  });

  test('what answers as somebody else is contradicted, and not healthy', () => {
    const { services } = look(candidate({ claim: { name: 'shop' }, identity: 'billing' }));
    expect(services).toMatchObject([
      {
        condition: 'unhealthy',
        contradictions: ['it is called shop, but answers as billing'],
        instances: [{ reason: 'port 3000 belongs to billing' }],
      },
    ]);
    expect(services[0]?.confidence).toBeLessThan(0.5);
  });
});

describe('paths', () => {
  test('by label, below the prefix, or from qbtc.yaml', () => {
    const { services } = look(
      candidate({ claim: { name: 'shop', path: '/shop' }, port: 1 }),
      candidate({ claim: { name: 'cart' }, port: 2 }),
      declared('llm-api', 8000),
    );
    expect(Object.fromEntries(services.map(({ name, route }) => [name, route?.uris]))).toEqual({
      shop: ['/shop', '/shop/*'],
      cart: ['/api/cart', '/api/cart/*'],
      'llm-api': ['/v1/chat', '/v1/chat/*'],
    });
  });

  test('one that another has is refused, both named: the declared and the older come first', () => {
    const { services, findings } = look(
      candidate({ claim: { name: 'young', path: '/shop', since: 20 }, port: 1 }),
      candidate({ claim: { name: 'old', path: '/shop', since: 10 }, port: 2 }),
      candidate({ claim: { name: 'thief', path: '/v1/chat' }, port: 3 }),
    );
    const reasons = Object.fromEntries(services.map(({ name, unrouted }) => [name, unrouted]));
    expect(reasons).toEqual({
      old: '',
      young: 'the path /shop belongs to old',
      thief: 'the path /v1/chat belongs to llm-api of qbtc.yaml',
    });
    expect(findings.map(({ code }) => code)).toEqual(['path-taken', 'path-taken']);
  });

  test('a name too long for an id of the gateway is refused before the gateway does', () => {
    const name = 'a'.repeat(62);
    expect(look(candidate({ claim: { name } })).services[0]?.unrouted).toContain('APISIX takes 64');
  });
});

describe('what is registered', () => {
  test('what somebody brought in; what only looks like a service when it is named', () => {
    const { services } = look(
      candidate({ claim: { name: 'shop', weight: 3 }, port: 1 }),
      candidate({ identity: 'stray', source: 'ports', port: 2 }),
      declared('core', 8001),
    );
    expect(registrationsOf(services, stack).map(({ name }) => name)).toEqual(['shop']);
    expect(registrationsOf(services, stack)[0]?.nodes).toEqual([{ host: '127.0.0.1', port: 1, weight: 3 }]);
    const more = including(services, ['stray', 'core'], stack);
    expect(
      registrationsOf(more, stack)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['core', 'shop', 'stray']);
  });

  test('a stranger that answers by the name of a service gets none of its requests', () => {
    const { services } = look(
      candidate({ claim: { name: 'shop' }, port: 1 }),
      candidate({ identity: 'shop', source: 'ports', port: 2 }),
    );
    expect(services.map(({ origin, unrouted }) => [origin, unrouted])).toEqual([
      ['labelled', ''],
      ['guessed', 'the name shop belongs to container shop-1; nobody vouches for this one'],
    ]);
    expect(registrationsOf(services, stack)[0]?.nodes).toEqual([{ host: '127.0.0.1', port: 1, weight: 1 }]);
  });

  test('plugins of the stack come first, those of the label win; a made-up path is taken off again', () => {
    const locked = { ...stack, discovery: { ...stack.discovery, plugins: { 'key-auth': {}, cors: {} } } };
    const { services } = look(
      candidate({ claim: { name: 'shop', plugins: { cors: { allow_origins: '*' } } }, port: 1 }),
    );
    expect(registrationsOf(services, locked)[0]?.plugins).toEqual({
      'key-auth': {},
      cors: { allow_origins: '*' },
      'proxy-rewrite': { regex_uri: ['^/api/shop/?(.*)$', '/$1'] },
    });
  });
});
