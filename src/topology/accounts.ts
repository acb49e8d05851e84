import { DEAD_LETTER_EXCHANGE, REPLY_EXCHANGE, RETRY_EXCHANGE } from '../broker/exchanges.ts';
import { literalPattern } from '../literal-pattern.ts';
import type { Service, Stack } from '../model/stack.ts';
import type { BrokerAccount, Permission, Topology } from '../model/topology.ts';
import { isBuiltIn, queuesOf } from './reach.ts';

/** Queues of one instance alone: those that the broker names, and where the runtime hears its answers. */
const ownQueues = (service: string) => ['amq\\.gen-.*', `${literalPattern(service)}\\.replies\\..*`];
/** What matches no name at all, and every name. */
const NOTHING = '^$';
const ANYTHING = '.*';

/** The accounts of the services that have one. */
export function accountsOf(stack: Pick<Stack, 'services' | 'events'>, topology: Topology): BrokerAccount[] {
  return stack.services.flatMap((service) => accountOf(service, stack, topology));
}

/** What the service needs for its events and no more, unless the topology file says what its account may do. */
function accountOf(
  { name, events }: Service,
  stack: Pick<Stack, 'services' | 'events'>,
  topology: Topology,
): BrokerAccount[] {
  if (events?.account === undefined) return [];
  const { user, password } = events.account;
  const given = topology.permissions.find(
    (permission) => permission.user === name || permission.user === user,
  );
  const { configure, write, read } = given ?? permissionOf(name, events, stack, topology);
  return [{ user, password, configure, write, read }];
}

function permissionOf(
  service: string,
  { publishes, consumes, subscribes, declares }: NonNullable<Service['events']>,
  { services, events: { exchange } }: Pick<Stack, 'services' | 'events'>,
  topology: Topology,
): Omit<Permission, 'user'> {
  if (declares === true) return { configure: ANYTHING, write: ANYTHING, read: ANYTHING };
  const consumed = consumes.flatMap((each) => {
    const queues = queuesOf(each, topology, exchange);
    // What nobody has declared is a queue that a service declares by itself.
    return queues.length === 0 ? [each] : queues;
  });
  const listens = consumes.length > 0 || subscribes.length > 0;
  // An exchange that no file declares may be one that a service declares by itself.
  const isOpen = services.some(({ events }) => events?.declares !== undefined);
  const exists = (name: string) =>
    topology.exchanges.some((each) => each.name === name) || isBuiltIn(name) || (isOpen && name === exchange);
  const writes = [
    ...(publishes.length > 0 ? [exchange] : []),
    // Who is asked answers; who cannot answer tries again later, or gives up.
    ...(listens ? [REPLY_EXCHANGE, DEAD_LETTER_EXCHANGE, RETRY_EXCHANGE] : []),
  ].filter(exists);
  // The runtime of every service listens for answers, whether it ever asks or not.
  const reads = [REPLY_EXCHANGE, ...(subscribes.length > 0 ? [exchange] : [])].filter(exists);
  const own = [...ownQueues(service), ...(declares ?? []).map(anyText)];
  return {
    configure: anyOf(own),
    write: anyOf([...own, ...writes.map(exchangePattern)]),
    read: anyOf([...own, ...reads.map(exchangePattern), ...consumed.map(literalPattern)]),
  };
}

/** The broker asks for the default exchange by a name. */
function exchangePattern(name: string): string {
  return literalPattern(name === '' ? 'amq.default' : name);
}

/** A name in which `*` is any text. */
function anyText(name: string): string {
  return name.split('*').map(literalPattern).join('.*');
}

function anyOf(patterns: readonly string[]): string {
  return patterns.length === 0 ? NOTHING : `^(${[...new Set(patterns)].join('|')})$`;
}
