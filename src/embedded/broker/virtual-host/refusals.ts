import { AmqpError, describe } from '../errors.ts';
import { KNOWN_ARGUMENTS } from '../queue/arguments.ts';
import type { QueueProperties } from '../queue/environment.ts';
import type { Queue } from '../queue/queue.ts';
import { assertArgumentsEquivalent, assertEquivalent } from './equivalence.ts';

export function notFound(kind: 'queue' | 'exchange', name: string, vhost: string): AmqpError {
  return new AmqpError('NOT_FOUND', `no ${describe(kind, name, vhost)}`);
}

export function locked(queue: string, vhost: string): AmqpError {
  return new AmqpError(
    'RESOURCE_LOCKED',
    `cannot obtain exclusive access to locked ${describe('queue', queue, vhost)}. It could be originally ` +
      'declared on another connection or the exclusive property value does not match that of the original declaration.',
  );
}

export function assertNotDefault(exchange: string): void {
  if (exchange === '')
    throw new AmqpError('ACCESS_REFUSED', 'operation not permitted on the default exchange');
}

/** Throws when what is declared is not the queue that is there. */
export function assertSameQueue(queue: Queue, vhost: string, properties: QueueProperties): void {
  // Stricter than for use: a queue that is not exclusive is not the same as one that is asked to be.
  if (queue.exclusiveOwner !== properties.exclusiveOwner) throw locked(queue.name, vhost);
  const resource = describe('queue', queue.name, vhost);
  assertEquivalent(resource, 'durable', queue.durable, properties.durable);
  assertEquivalent(resource, 'auto_delete', queue.autoDelete, properties.autoDelete);
  const keys = KNOWN_ARGUMENTS[queue.settings.type];
  assertArgumentsEquivalent(resource, keys, queue.arguments, properties.arguments);
}

export function assertUnconditional(
  queue: Queue,
  vhost: string,
  { ifUnused, ifEmpty }: { ifUnused: boolean; ifEmpty: boolean },
): void {
  const flag = ifUnused ? 'if-unused' : ifEmpty ? 'if-empty' : undefined;
  if (flag === undefined) return;
  throw new AmqpError(
    'NOT_IMPLEMENTED',
    `cannot delete ${describe('queue', queue.name, vhost)}. queue.delete operations with ${flag} flag set are not supported by quorum queues`,
  );
}

/** Throws when a virtual host that has so many queues may have no more. */
export function assertRoom(name: string, vhost: string, queues: number, limit: number | undefined): void {
  if (limit === undefined || limit < 0 || queues < limit) return;
  throw new AmqpError(
    'PRECONDITION_FAILED',
    `cannot declare queue '${name}': queue limit in vhost '${vhost}' (${limit}) is reached`,
  );
}
