import { expect, test } from 'vitest';
import type { Topology } from '../../../src/model/topology.ts';
import { usersOf } from '../../../src/topology/migrate/participants.ts';
import { service } from '../../flow/chain.ts';
import { emptyStack } from '../../support/stack.ts';

const topology = {
  exchanges: [],
  queues: [{ name: 'q_orders', durable: true, auto_delete: false, arguments: {} }],
  bindings: [
    {
      source: 'qbtc.topic',
      destination: 'q_orders',
      destination_type: 'queue',
      routing_key: 'orders',
      arguments: {},
    },
  ],
  policies: [],
} as unknown as Topology;
const events = (publishes: string[], consumes: string[]) => ({
  events: { resource: 'broker', publishes, consumes, subscribes: [] },
});

test('a queue is used by who names it, and by who says nothing and knows the broker', () => {
  const stack = emptyStack('/stack', {
    resources: [
      {
        name: 'broker',
        kind: 'rabbitmq',
        ports: {},
        endpoint: { url: 'amqp://127.0.0.1:5672', host: '127.0.0.1', port: 5672 },
      },
    ],
    services: [
      service('writes', 1, events(['orders'], [])),
      service('reads', 2, events([], ['q_orders'])),
      service('elsewhere', 3, events(['news'], [])),
      service('silent-with-broker', 4, { env: { AMQP_URL: 'amqp://u:p@127.0.0.1:5672/v' } }),
      service('silent-after-broker', 5, { dependsOn: ['broker'] }),
      service('silent-without-broker', 6, { env: { PORT_OF_OTHERS: '127.0.0.1:56720' } }),
    ],
  });
  expect(usersOf(stack, topology, 'q_orders')).toEqual([
    'writes',
    'reads',
    'silent-with-broker',
    'silent-after-broker',
  ]);
});
