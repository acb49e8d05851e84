import { describe, expect, it } from 'vitest';
import { EMPTY_TOPOLOGY, type Topology } from '../../src/model/topology.ts';
import { checkTopology } from '../../src/topology/check-topology.ts';
import { queuesOf, withEvents } from '../../src/topology/desired.ts';
import { graphOf } from '../../src/topology/graph.ts';
import { matchesKey } from '../../src/topology/match.ts';
import { parseTopology } from '../../src/topology/read.ts';
import { stackWith } from '../gateway/stacks.ts';

const events = (parts: { publishes?: string[]; consumes?: string[]; subscribes?: string[] }) => ({
  resource: 'broker',
  publishes: [],
  consumes: [],
  subscribes: [],
  ...parts,
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
    const topology = withEvents(EMPTY_TOPOLOGY, [
      { events: events({ publishes: ['a.b'], consumes: ['a.b', 'c.*'] }) },
    ]);
    expect(topology.queues.map(({ name }) => name)).toEqual(['q_dead_letters', 'q_a_b', 'q_c_any']);
    expect(topology.exchanges.map(({ name }) => name)).toEqual([
      'qbtc.topic',
      'responses_exchange',
      'qbtc.dead-letter',
    ]);
    expect(queuesOf('a.b', topology)).toEqual(['q_a_b']);
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
    expect(withEvents(written, [{ events: events({ consumes: ['a.b'] }) }])).toEqual(written);
    expect(withEvents(written, [{ events: events({ consumes: ['mine'] }) }])).toEqual(written);
    expect(withEvents(EMPTY_TOPOLOGY, [{}])).toEqual(EMPTY_TOPOLOGY);
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
    expect(checkTopology(topologyOf(text), { services: [] }).map(({ code }) => code)).toEqual(codes);
  });

  it('finds keys that nobody hears', () => {
    const { services } = stackWith({ services: [{ name: 'api', events: events({ publishes: ['a.b'] }) }] });
    expect(checkTopology(EMPTY_TOPOLOGY, { services })).toMatchObject([
      { code: 'unheard-key', severity: 'error', subject: 'service api' },
    ]);
  });
});

describe('graphOf', () => {
  it('draws services, exchanges, queues, bindings and the ways of dead letters', () => {
    const topology = topologyOf(`exchanges: [{ name: qbtc.topic, type: topic }, { name: dlx, type: fanout }]
queues: [{ name: 'q"1', arguments: { x-dead-letter-exchange: dlx } }]
bindings: [{ source: qbtc.topic, destination: 'q"1', routing_key: "a.#" }]
`);
    expect(graphOf(topology, [{ name: 'api', publishes: ['a.b'], consumes: [] }])).toBe(`flowchart LR
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
