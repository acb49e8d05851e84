import { DEAD_LETTER_EXCHANGE, REPLY_EXCHANGE } from '../broker/exchanges.ts';
import type { EventSettings } from '../model/event.ts';
import type { Service, Stack } from '../model/stack.ts';
import type { BrokerAccount, Exchange, Queue, Topology } from '../model/topology.ts';
import { accountsOf } from './accounts.ts';
import { isBuiltIn, queuesOf } from './reach.ts';
import { readTopology } from './read.ts';

/** What the broker should hold: the topology, and an account for each service that has one. */
export interface Desired {
  topology: Topology;
  accounts: BrokerAccount[];
}

const DEAD_LETTER_QUEUE = 'q_dead_letters';
const DELIVERY_LIMIT = 5;

/** True when the stack says anything about what its broker should hold. */
export function declaresTopology(stack: Stack): boolean {
  return stack.topologyFiles.length > 0 || stack.services.some(({ events }) => events !== undefined);
}

/**
 * The topology files, and what follows from the events that the services name and the file says nothing about: a queue
 * for each key that is consumed, where its dead letters go, and the accounts.
 *
 * @throws QbtcError those of `readTopology`
 */
export async function desiredOf(stack: Stack): Promise<Desired> {
  const written = await readTopology(stack.topologyFiles);
  const topology = withEvents(written, stack);
  return { topology: { ...topology, permissions: [] }, accounts: accountsOf(stack, topology) };
}

/** What of a stack its topology follows from. */
export interface Speaking {
  services: readonly Pick<Service, 'events'>[];
  events: EventSettings;
}

/**
 * The topology with a queue for every key that a service consumes. What is declared already stays as it is, and what a
 * service declares by itself is left to it.
 */
export function withEvents(written: Topology, { services, events: settings }: Speaking): Topology {
  const speaking = services.flatMap(({ events }) => events ?? []);
  if (speaking.length === 0) return written;
  const { exchange: main, envelope } = settings;
  const leftAlone = new Set(
    speaking.flatMap(({ declares, consumes }) => (declares === undefined ? [] : consumes)),
  );
  const keys = [...new Set(speaking.flatMap(({ consumes }) => consumes))].filter(
    (key) => !leftAlone.has(key) && queuesOf(key, written, main).length === 0,
  );
  const topology: Topology = {
    ...written,
    exchanges: [...written.exchanges],
    queues: [...written.queues],
    bindings: [...written.bindings],
  };
  const exchange = (name: string) => {
    if (!isBuiltIn(name) && !topology.exchanges.some((each) => each.name === name))
      topology.exchanges.push(topicExchange(name));
  };
  const queue = (name: string, args: Queue['arguments'], source: string, key: string) => {
    if (!topology.queues.some((each) => each.name === name))
      topology.queues.push({ name, durable: true, auto_delete: false, arguments: args });
    // The default exchange has a binding to each queue that nobody declares.
    if (source === '') return;
    topology.bindings.push({
      source,
      destination: name,
      destination_type: 'queue',
      routing_key: key,
      arguments: {},
    });
  };
  // A service that declares by itself knows better of which type the exchange is.
  if (keys.length > 0 || speaking.every(({ declares }) => declares === undefined)) exchange(main);
  // The runtime that hears answers there is that of our envelope.
  if (envelope === 'cloudevents') exchange(REPLY_EXCHANGE);
  if (keys.length === 0) return topology;
  if (!topology.exchanges.some(({ name }) => name === DEAD_LETTER_EXCHANGE)) {
    exchange(DEAD_LETTER_EXCHANGE);
    queue(DEAD_LETTER_QUEUE, { 'x-queue-type': 'quorum' }, DEAD_LETTER_EXCHANGE, '#');
  }
  for (const key of keys) {
    const args = {
      'x-queue-type': 'quorum',
      'x-dead-letter-exchange': DEAD_LETTER_EXCHANGE,
      'x-delivery-limit': DELIVERY_LIMIT,
    };
    queue(main === '' ? key : queueNameOf(key), args, main, key);
  }
  return topology;
}

function queueNameOf(key: string): string {
  return `q_${key
    .replace(/\*/g, 'any')
    .replace(/#/g, 'all')
    .replace(/[^A-Za-z0-9]+/g, '_')}`;
}

function topicExchange(name: string): Exchange {
  return { name, type: 'topic', durable: true, auto_delete: false, internal: false, arguments: {} };
}

/**
 * The queues in which dead letters come to rest: bound to an exchange that others name for theirs, and without a time
 * after which messages go on from them.
 */
export function deadLetterQueues({ queues, bindings }: Topology): string[] {
  const exchanges = new Set(queues.map((queue) => queue.arguments['x-dead-letter-exchange']));
  const rests = (name: string) => {
    const queue = queues.find((each) => each.name === name);
    return queue !== undefined && queue.arguments['x-message-ttl'] === undefined;
  };
  const found = bindings
    .filter(({ source, destination_type: type }) => type === 'queue' && exchanges.has(source))
    .map(({ destination }) => destination);
  return [...new Set(found)].filter(rests);
}
