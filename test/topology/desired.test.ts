import { describe, expect, it } from 'vitest';
import type { EventSettings } from '../../src/model/event.ts';
import type { ServiceEvents } from '../../src/model/stack.ts';
import { EMPTY_TOPOLOGY, type Topology } from '../../src/model/topology.ts';
import { accountsOf } from '../../src/topology/accounts.ts';
import { checkTopology } from '../../src/topology/check-topology.ts';
import { withEvents } from '../../src/topology/desired.ts';
import { graphOf } from '../../src/topology/graph.ts';
import { matchesKey } from '../../src/topology/match.ts';
import { queuesOf, queuesTaking } from '../../src/topology/reach.ts';
import { parseTopology } from '../../src/topology/read.ts';
import { stackWith } from '../gateway/stacks.ts';

const events = (parts: Partial<ServiceEvents>): ServiceEvents => ({
  resource: 'broker',
  publishes: [],
  consumes: [],
  subscribes: [],
  ...parts,
});
const SETTINGS: EventSettings = { exchange: 'qbtc.topic', envelope: 'cloudevents' };
const speaking = (parts: Parameters<typeof events>[0], settings: Partial<EventSettings> = {}) => ({
  services: [{ events: events(parts) }],
  events: { ...SETTINGS, ...settings },
});
const topologyOf = (text: string): Topology => {
  const { topology, mistakes } = parseTopology(text);
  expect(mistakes).toEqual([]);
  return topology;
};

describe('matchesKey', () => {
  it.each([
    ['a.b', 'a.b', true],
    ['a.*', 'a.b', true],
    ['a.*', 'a.b.c', false],
    ['a.#', 'a', true],
    ['#.c', 'a.b.c', true],
    ['#', '', true],
    ['*', '', true],
    ['a.#.c', 'a.c', true],
    ['a.*.c', 'a.c', false],
  ])('%s takes %s: %s', (pattern, key, expected) => {
    expect(matchesKey(pattern, key)).toBe(expected);
  });
});

describe('what follows from the events of the services', () => {
  it('is a queue for each consumed key that has none, with a place for its dead letters', () => {
    const topology = withEvents(EMPTY_TOPOLOGY, speaking({ publishes: ['a.b'], consumes: ['a.b', 'c.*'] }));
    expect(topology.queues.map(({ name }) => name)).toEqual(['q_dead_letters', 'q_a_b', 'q_c_any']);
    expect(topology.exchanges.map(({ name }) => name)).toEqual([
      'qbtc.topic',
      'responses_exchange',
      'qbtc.dead-letter',
    ]);
    expect(queuesOf('a.b', topology, 'qbtc.topic')).toEqual(['q_a_b']);
    expect(
      checkTopology(topology, stackWith({ services: [{ events: events({ consumes: ['a.b', 'c.*'] }) }] })),
    ).toEqual([]);
  });

  it('is nothing where the file says it already, or nobody speaks', () => {
    const written =
      topologyOf(`exchanges: [{ name: qbtc.topic, type: topic }, { name: responses_exchange, type: topic }]
queues: [{ name: mine }]
bindings: [{ source: qbtc.topic, destination: mine, routing_key: "a.#" }]
`);
    expect(withEvents(written, speaking({ consumes: ['a.b'] }))).toEqual(written);
    expect(withEvents(written, speaking({ consumes: ['mine'] }))).toEqual(written);
    expect(withEvents(EMPTY_TOPOLOGY, { services: [{}], events: SETTINGS })).toEqual(EMPTY_TOPOLOGY);
  });

  it('goes to the exchange that the stack names, without what only our envelope needs', () => {
    const shop = { exchange: 'shop', envelope: 'none' } as const;
    const topology = withEvents(EMPTY_TOPOLOGY, speaking({ consumes: ['a.b'] }, shop));
    expect(topology.exchanges.map(({ name }) => name)).toEqual(['shop', 'qbtc.dead-letter']);
    expect(topology.bindings).toContainEqual(
      expect.objectContaining({ source: 'shop', destination: 'q_a_b', routing_key: 'a.b' }),
    );
  });

  it.each([
    ['the default exchange', ''],
    ['one of RabbitMQ itself', 'amq.topic'],
  ])('does not declare %s', (_, exchange) => {
    const topology = withEvents(
      EMPTY_TOPOLOGY,
      speaking({ consumes: ['jobs'] }, { exchange, envelope: 'none' }),
    );
    expect(topology.exchanges.map(({ name }) => name)).toEqual(['qbtc.dead-letter']);
    expect(queuesOf('jobs', topology, exchange)).toEqual([exchange === '' ? 'jobs' : 'q_jobs']);
    expect(topology.bindings.filter(({ source }) => source === '')).toEqual([]);
  });

  it('leaves to a service what it declares by itself', () => {
    const shop = { exchange: 'shop', envelope: 'none' } as const;
    const worker = speaking({ consumes: ['orders'], publishes: ['paid'], declares: true }, shop);
    expect(withEvents(EMPTY_TOPOLOGY, worker)).toEqual(EMPTY_TOPOLOGY);
    const both = {
      ...worker,
      services: [...worker.services, { events: events({ consumes: ['orders', 'paid'] }) }],
    };
    expect(withEvents(EMPTY_TOPOLOGY, both).queues.map(({ name }) => name)).toEqual([
      'q_dead_letters',
      'q_paid',
    ]);
  });
});

describe('the queues that a routing key reaches', () => {
  const bound = (type: string) =>
    topologyOf(`exchanges: [{ name: e, type: ${type} }]
queues: [{ name: one }, { name: star }]
bindings: [{ source: e, destination: one, routing_key: a.b }, { source: e, destination: star, routing_key: "a.*" }]
`);
  it.each([
    ['topic', ['one', 'star']],
    ['direct', ['one']],
    ['fanout', ['one', 'star']],
    ['headers', ['one', 'star']],
  ])('are told by the type of the exchange: %s', (type, queues) => {
    expect(queuesTaking('a.b', bound(type), 'e')).toEqual(queues);
  });
});

describe('what an account may do', () => {
  const rights = (
    parts: Partial<ServiceEvents>,
    exchange = 'shop',
    others: Partial<ServiceEvents>[] = [],
  ) => {
    const named = [parts, ...others].map((each, index) => ({
      name: `s${index}`,
      events: { ...events(each), account: { user: `acme.s${index}`, password: 'p' } },
    }));
    const stack = { ...stackWith({ services: named }), events: { exchange, envelope: 'none' as const } };
    const [account] = accountsOf(stack, withEvents(EMPTY_TOPOLOGY, stack));
    const may = (right: 'configure' | 'write' | 'read', name: string) =>
      new RegExp(account?.[right] ?? '^$').test(name);
    return { account, may };
  };

  it('is everything for one that declares by itself, and no more than it names otherwise', () => {
    expect(rights({ declares: true }).account).toMatchObject({ configure: '.*', write: '.*', read: '.*' });
    const { may } = rights({ declares: ['orders', 'orders.*', 'odd(name'], consumes: ['else'] });
    for (const right of ['configure', 'write', 'read'] as const) {
      expect(['orders', 'orders.dead', 'odd(name'].every((name) => may(right, name))).toBe(true);
      expect(['order', 'ordersX', 'shop', 'x.orders.y'].some((name) => may(right, name))).toBe(false);
    }
    expect([may('read', 'else'), may('write', 'else'), may('configure', 'else')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is to publish to the exchange of the stack, also where another service declares it', () => {
    const { may } = rights({ publishes: ['a'] }, 'shop', [{ declares: true }]);
    expect([may('write', 'shop'), may('configure', 'shop'), may('read', 'shop')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(rights({ publishes: ['a'] }, '').may('write', 'amq.default')).toBe(true);
    expect(rights({ consumes: ['a'] }, '').may('write', 'amq.default')).toBe(false);
  });
});

describe('checkTopology', () => {
  const QUORUM = 'x-queue-type: quorum, x-delivery-limit: 5';
  it.each<[string, string, string[]]>([
    [
      'nothing',
      'queues: [{ name: amqp }]\nexchanges: [{ name: e, type: topic }]\nbindings: [{ source: e, destination: amqp }]\npolicies: [{ name: p, pattern: amqp, definition: { max-length: 5 } }]\n',
      [],
    ],
    [
      'dead letters that nobody keeps',
      `exchanges: [{ name: dlx, type: topic }, { name: e, type: topic }]
queues: [{ name: q, arguments: { ${QUORUM}, x-dead-letter-exchange: dlx } }]
bindings: [{ source: e, destination: q }]
`,
      ['dead-letters-lost'],
    ],
    [
      'a delivery limit without dead letters',
      `exchanges: [{ name: e, type: topic }]
queues: [{ name: q, arguments: { ${QUORUM} } }]
bindings: [{ source: e, destination: q }]
`,
      ['no-dead-letters'],
    ],
    [
      'a delivery limit that nothing reaches',
      `exchanges: [{ name: e, type: topic }]
queues: [{ name: q, arguments: { x-queue-type: quorum, x-delivery-limit: 1000000 } }, { name: r, arguments: { x-queue-type: quorum, x-delivery-limit: -1 } }]
bindings: [{ source: e, destination: q }, { source: e, destination: r }]
`,
      [],
    ],
    [
      'a retry that never waits',
      `exchanges: [{ name: e, type: topic }]
queues: [{ name: q, arguments: { ${QUORUM}, x-dead-letter-exchange: e } }]
bindings: [{ source: e, destination: q, routing_key: "#" }]
`,
      ['endless-retry'],
    ],
    [
      'no delivery limit',
      `exchanges: [{ name: e, type: topic }, { name: dlx, type: topic }]
queues: [{ name: q, arguments: { x-queue-type: quorum, x-dead-letter-exchange: dlx } }, { name: d, arguments: { x-queue-type: quorum } }]
bindings: [{ source: e, destination: q }, { source: dlx, destination: d, routing_key: "#" }]
`,
      ['no-delivery-limit'],
    ],
    [
      'a queue that nothing leads to',
      'queues: [{ name: q, arguments: { x-queue-type: quorum } }]\n',
      ['unbound-queue'],
    ],
    [
      'one copy of what nothing limits',
      'exchanges: [{ name: e, type: topic }]\nqueues: [{ name: q }]\nbindings: [{ source: e, destination: q }]\n',
      ['single-copy'],
    ],
    [
      'a policy that matches nothing',
      'policies: [{ name: p, pattern: "^none$", definition: { max-length: 5 } }]\n',
      ['policy-without-effect'],
    ],
  ])('finds %s', (_, text, codes) => {
    expect(
      checkTopology(topologyOf(text), { services: [], events: SETTINGS }).map(({ code }) => code),
    ).toEqual(codes);
  });

  it('finds keys that nobody hears', () => {
    const { services } = stackWith({ services: [{ name: 'api', events: events({ publishes: ['a.b'] }) }] });
    expect(checkTopology(EMPTY_TOPOLOGY, { services, events: SETTINGS })).toMatchObject([
      { code: 'unheard-key', severity: 'error', subject: 'service api' },
    ]);
    // Who declares by itself may have bound what no file says.
    const worker = stackWith({ services: [{ name: 'worker', events: events({ declares: ['jobs'] }) }] });
    expect(
      checkTopology(EMPTY_TOPOLOGY, { services: [...services, ...worker.services], events: SETTINGS }),
    ).toEqual([]);
  });
});

describe('graphOf', () => {
  it('draws services, exchanges, queues, bindings and the ways of dead letters', () => {
    const topology = topologyOf(`exchanges: [{ name: qbtc.topic, type: topic }, { name: dlx, type: fanout }]
queues: [{ name: 'q"1', arguments: { x-dead-letter-exchange: dlx } }]
bindings: [{ source: qbtc.topic, destination: 'q"1', routing_key: "a.#" }]
`);
    expect(
      graphOf(topology, 'qbtc.topic', [{ name: 'api', publishes: ['a.b'], consumes: [] }]),
    ).toBe(`flowchart LR
  s1["api"]
  e2{{"qbtc.topic<br/>topic"}}
  e3{{"dlx<br/>fanout"}}
  q4[("q#quot;1<br/>classic")]
  s1 -->|"a.b"| e2
  e2 -->|"a.#35;"| q4
  q4 -.-> e3
`);
  });
});
