import { DEAD_LETTER_EXCHANGE, REPLY_EXCHANGE, RETRY_EXCHANGE, TOPIC_EXCHANGE } from '../broker/exchanges.ts';
import { literalPattern } from '../literal-pattern.ts';
import type { Service, Stack } from '../model/stack.ts';
import type { BrokerAccount, Exchange, Permission, Queue, Topology } from '../model/topology.ts';
import { matchesKey } from './match.ts';
import { readTopology } from './read.ts';

/** What the broker should hold: the topology, and an account for each service that has one. */
export interface Desired {
  topology: Topology;
  accounts: BrokerAccount[];
}

const DEAD_LETTER_QUEUE = 'q_dead_letters';
const DELIVERY_LIMIT = 5;
/** Queues of one instance alone: those that the broker names, and where the runtime hears its answers. */
const ownQueues = (service: string) => ['amq\\.gen-.*', `${literalPattern(service)}\\.replies\\..*`];
/** What matches no name at all. */
const NOTHING = '^$';

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
  const topology = withEvents(written, stack.services);
  const accounts = stack.services.flatMap((service) => accountOf(service, topology));
  return { topology: { ...topology, permissions: [] }, accounts };
}

/** The topology with a queue for every key that a service consumes. What is declared already stays as it is. */
export function withEvents(written: Topology, services: readonly Pick<Service, 'events'>[]): Topology {
  const keys = [...new Set(services.flatMap(({ events }) => events?.consumes ?? []))].filter(
    (key) => queuesOf(key, written).length === 0,
  );
  const speaks = services.some(({ events }) => events !== undefined);
  if (!speaks) return written;
  const topology: Topology = {
    ...written,
    exchanges: [...written.exchanges],
    queues: [...written.queues],
    bindings: [...written.bindings],
  };
  const exchange = (name: string) => {
    if (!topology.exchanges.some((each) => each.name === name)) topology.exchanges.push(topicExchange(name));
  };
  const queue = (name: string, args: Queue['arguments'], source: string, key: string) => {
    if (!topology.queues.some((each) => each.name === name))
      topology.queues.push({ name, durable: true, auto_delete: false, arguments: args });
    topology.bindings.push({
      source,
      destination: name,
      destination_type: 'queue',
      routing_key: key,
      arguments: {},
    });
  };
  for (const name of [TOPIC_EXCHANGE, REPLY_EXCHANGE]) exchange(name);
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
    queue(queueNameOf(key), args, TOPIC_EXCHANGE, key);
  }
  return topology;
}

/** The queues that a service means by a routing key or by a name. */
export function queuesOf(consumed: string, topology: Topology): string[] {
  if (topology.queues.some(({ name }) => name === consumed)) return [consumed];
  return queuesTaking(consumed, topology);
}

/** The queues to which the stack's topic exchange gives what is published by a routing key. */
export function queuesTaking(key: string, { bindings }: Topology): string[] {
  return [
    ...new Set(
      bindings
        .filter(
          ({ source, destination_type: type, routing_key }) =>
            source === TOPIC_EXCHANGE &&
            type === 'queue' &&
            (routing_key === key || matchesKey(routing_key, key)),
        )
        .map(({ destination }) => destination),
    ),
  ];
}

function queueNameOf(key: string): string {
  return `q_${key
    .replace(/\*/g, 'any')
    .replace(/#/g, 'all')
    .replace(/[^A-Za-z0-9]+/g, '_')}`;
}

/** What the service needs for its events and no more, unless the topology file says what its account may do. */
function accountOf({ name, events }: Service, topology: Topology): BrokerAccount[] {
  if (events?.account === undefined) return [];
  const { user, password } = events.account;
  const given = topology.permissions.find(
    (permission) => permission.user === name || permission.user === user,
  );
  const { configure, write, read } = given ?? permissionOf(name, events, topology);
  return [{ user, password, configure, write, read }];
}

function permissionOf(
  service: string,
  { publishes, consumes, subscribes }: NonNullable<Service['events']>,
  topology: Topology,
): Omit<Permission, 'user'> {
  const consumed = consumes.flatMap((each) => queuesOf(each, topology));
  const listens = consumes.length > 0 || subscribes.length > 0;
  const declared = (name: string) => topology.exchanges.some((each: Exchange) => each.name === name);
  const writes = [
    ...(publishes.length > 0 ? [TOPIC_EXCHANGE] : []),
    // Who is asked answers; who cannot answer tries again later, or gives up.
    ...(listens ? [REPLY_EXCHANGE, DEAD_LETTER_EXCHANGE, RETRY_EXCHANGE] : []),
  ].filter(declared);
  // The runtime of every service listens for answers, whether it ever asks or not.
  const reads = [REPLY_EXCHANGE, ...(subscribes.length > 0 ? [TOPIC_EXCHANGE] : [])].filter(declared);
  const own = ownQueues(service);
  return {
    configure: anyOf(own),
    write: anyOf([...own, ...writes.map(literalPattern)]),
    read: anyOf([...own, ...reads.map(literalPattern), ...consumed.map(literalPattern)]),
  };
}

function anyOf(patterns: readonly string[]): string {
  return patterns.length === 0 ? NOTHING : `^(${[...new Set(patterns)].join('|')})$`;
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
