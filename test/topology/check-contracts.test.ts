import { expect, test } from 'vitest';
import type { EventDestination } from '../../src/model/event.ts';
import type { ServiceEvents } from '../../src/model/stack.ts';
import { EMPTY_TOPOLOGY } from '../../src/model/topology.ts';
import { checkContracts } from '../../src/topology/check-contracts.ts';
import { parseTopology } from '../../src/topology/read.ts';
import { stackWith } from '../gateway/stacks.ts';

const place = { file: 'event-schemas/asked.json', line: 6, column: 14 };
const asked: EventDestination = { event: 'asked', routingKey: 'a.asked', queue: 'q_asked', place };
const heard: EventDestination = { event: 'heard', routingKey: 'a.heard', place };

const topologyOf = (queue: string, key: string) =>
  parseTopology(`exchanges: [{ name: qbtc.topic, type: topic }]
queues: [{ name: ${queue} }]
bindings: [{ source: qbtc.topic, destination: ${queue}, routing_key: "${key}" }]
`).topology;
const servicesWith = (events: Partial<ServiceEvents>) =>
  stackWith({
    services: [
      {
        name: 'api',
        events: { resource: 'broker', publishes: [], consumes: [], subscribes: [], ...events },
      },
    ],
  });

test.each([
  ['the same key', 'a.asked'],
  ['a key that takes it', 'a.*'],
])('finds nothing where the topology leads to the queue by %s', (_, key) => {
  const stack = servicesWith({ publishes: ['a.asked'], consumes: ['q_asked'], subscribes: ['a.#'] });
  expect(checkContracts([asked, heard], topologyOf('q_asked', key), stack)).toEqual([]);
});

test('follows the bindings where a queue is called as the routing key', () => {
  const { topology } = parseTopology(`exchanges: [{ name: qbtc.topic, type: topic }]
queues: [{ name: q_asked }, { name: a.asked }]
bindings: [{ source: qbtc.topic, destination: q_asked, routing_key: a.asked }]
`);
  expect(checkContracts([asked], topology, servicesWith({}))).toEqual([]);
});

test('takes the routing key of a contract for a pattern where it is one', () => {
  const prices: EventDestination = { event: 'price', routingKey: 'price.*', place };
  const stack = servicesWith({ publishes: ['price.btc'], subscribes: ['price.#', 'price'] });
  expect(
    checkContracts([prices], topologyOf('q_btc', 'price.btc'), stack).map(({ message }) => message),
  ).toEqual(['it subscribes to price, the routing key of no contract']);
});

test('names an exchange that is bound to a key of no contract', () => {
  const { topology } = parseTopology(`exchanges:
  - { name: qbtc.topic, type: topic }
  - { name: further, type: fanout }
bindings: [{ source: qbtc.topic, destination: further, destination_type: exchange, routing_key: b }]
`);
  expect(checkContracts([heard], topology, servicesWith({}))).toMatchObject([
    { subject: 'exchange further' },
  ]);
});

test('tells of a queue that the routing key does not reach, with the line of its contract', () => {
  expect(checkContracts([asked], topologyOf('q_asked', 'a.axed'), servicesWith({}))).toMatchObject([
    { code: 'contract-queue', severity: 'error', subject: 'event asked', place },
    { code: 'no-contract', severity: 'warning', subject: 'queue q_asked' },
  ]);
});

test('tells of keys that no contract has', () => {
  const stack = servicesWith({ publishes: ['a.axed'], consumes: ['b.*'], subscribes: ['a.asked', 'c'] });
  expect(
    checkContracts([heard, asked], topologyOf('q_asked', 'a.asked'), stack).map(({ message }) => message),
  ).toEqual([
    'it publishes a.axed, the routing key of no contract',
    'it consumes b.*, the routing key of no contract',
    'it subscribes to c, the routing key of no contract',
  ]);
});

test('compares nothing in a stack without contracts', () => {
  expect(checkContracts([], EMPTY_TOPOLOGY, servicesWith({ publishes: ['a.axed'] }))).toEqual([]);
});

test('a queue that a service declares by itself is bound by it, and is no routing key', () => {
  const worker = { publishes: [], consumes: ['q_asked'], subscribes: [], declares: ['q_asked'] };
  const findings = checkContracts([asked], EMPTY_TOPOLOGY, servicesWith(worker));
  expect(findings).toEqual([]);
  // What no file declares, and nobody by himself, is missing.
  const { declares: _, ...plain } = worker;
  expect(checkContracts([asked], EMPTY_TOPOLOGY, servicesWith(plain)).map(({ code }) => code)).toEqual([
    'contract-queue',
    'no-contract',
  ]);
});
