import { createHash } from 'node:crypto';
import { type Table, tableBytes } from '../codec/table.ts';
import type { Queue } from '../queue/queue.ts';
import type { Exchange } from './exchange.ts';

export type Destination = { kind: 'queue'; queue: Queue } | { kind: 'exchange'; exchange: Exchange };

/** A rule from an exchange to a queue or to another exchange. Identified by all of its members together. */
export interface Binding {
  readonly source: Exchange;
  readonly destination: Destination;
  readonly routingKey: string;
  /** Sorted by key. */
  readonly arguments: Table;
}

export function destinationName(binding: Pick<Binding, 'destination'>): string {
  const { destination } = binding;
  return destination.kind === 'queue' ? destination.queue.name : destination.exchange.name;
}

/** What tells a binding apart from the others of its source. */
export function bindingKey(binding: Omit<Binding, 'source'>): string {
  const bindingArguments =
    binding.arguments.size === 0 ? '' : tableBytes(binding.arguments).toString('latin1');
  return [binding.destination.kind, destinationName(binding), binding.routingKey, bindingArguments].join(
    '\0',
  );
}

/**
 * The name that the management API gives a binding: the routing key, with a hash of the arguments where there are any.
 * RabbitMQ hashes an Erlang term; the hash differs, the shape and how it is used do not.
 */
export function propertiesKey(routingKey: string, bindingArguments: Table): string {
  if (bindingArguments.size === 0) return routingKey === '' ? '~' : quote(routingKey);
  const hash = createHash('sha256').update(tableBytes(bindingArguments)).digest().toString('base64url', 0, 4);
  return `${quote(routingKey)}~${quote(hash)}`;
}

/** `quote_plus` of RabbitMQ's management plugin. */
function quote(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
