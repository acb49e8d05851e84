import type { Table } from '../codec/table.ts';
import { AmqpError, describe } from '../errors.ts';
import { type QueueSettings, queueSettings } from '../queue/arguments.ts';
import type { QueueProperties } from '../queue/environment.ts';

/** What the declaration of a new queue asks for. Throws PRECONDITION_FAILED, as RabbitMQ does and in its order. */
export function readQueue(name: string, vhost: string, properties: QueueProperties): QueueSettings {
  assertNamesExchange('queue', name, vhost, properties.arguments, 'x-dead-letter-exchange');
  const settings = queueSettings(name, vhost, properties.arguments);
  if (settings.type === 'quorum') assertFitsQuorum(describe('queue', name, vhost), properties);
  return settings;
}

/** The same for the alternate exchange of a new exchange. */
export function assertAlternate(name: string, vhost: string, declared: Table): void {
  assertNamesExchange('exchange', name, vhost, declared, 'alternate-exchange');
}

function assertFitsQuorum(queue: string, { autoDelete, exclusiveOwner, durable }: QueueProperties): void {
  const refuse = (property: string) =>
    new AmqpError('PRECONDITION_FAILED', `invalid property '${property}' for ${queue}`);
  if (autoDelete) throw refuse('auto-delete');
  if (exclusiveOwner !== undefined) throw refuse('exclusive-owner');
  if (!durable) throw refuse('non-durable');
}

function assertNamesExchange(
  kind: 'queue' | 'exchange',
  name: string,
  vhost: string,
  declared: Table,
  key: string,
): void {
  const field = declared.get(key);
  if (field === undefined || field.type === 'longstr') return;
  throw new AmqpError(
    'PRECONDITION_FAILED',
    `invalid type '${field.type}' for arg '${key}' in ${describe(kind, name, vhost)}`,
  );
}
