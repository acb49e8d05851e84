import type { ExchangeType, Topology } from '../model/topology.ts';
import { matchesKey } from './match.ts';

/** The exchanges that every vhost has, which nobody declares. */
const BUILT_IN: Readonly<Record<string, ExchangeType>> = {
  'amq.direct': 'direct',
  'amq.fanout': 'fanout',
  'amq.headers': 'headers',
  'amq.match': 'headers',
  'amq.topic': 'topic',
};

/** Whether an exchange is there without anybody having declared it: the default one, and those called `amq.`. */
export function isBuiltIn(exchange: string): boolean {
  return exchange === '' || exchange.startsWith('amq.');
}

/** The queues that a service means by a routing key of the stack's exchange or by a name. */
export function queuesOf(consumed: string, topology: Topology, exchange: string): string[] {
  if (topology.queues.some(({ name }) => name === consumed)) return [consumed];
  return queuesTaking(consumed, topology, exchange);
}

/** The queues to which an exchange gives what is published by a routing key, as far as the key tells. */
export function queuesTaking(
  key: string,
  { exchanges, queues, bindings }: Topology,
  exchange: string,
): string[] {
  if (exchange === '') return queues.some(({ name }) => name === key) ? [key] : [];
  const type = exchanges.find(({ name }) => name === exchange)?.type ?? BUILT_IN[exchange] ?? 'topic';
  const takes = (bindingKey: string) => {
    if (type === 'topic') return bindingKey === key || matchesKey(bindingKey, key);
    // A fanout asks for no key, and what a headers exchange asks for no key tells.
    return type === 'direct' ? bindingKey === key : true;
  };
  return [
    ...new Set(
      bindings
        .filter(
          ({ source, destination_type, routing_key }) =>
            source === exchange && destination_type === 'queue' && takes(routing_key),
        )
        .map(({ destination }) => destination),
    ),
  ];
}
