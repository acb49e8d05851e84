import { type Binding, destinationName } from '../exchange/binding.ts';
import type { Entry } from '../queue/entry.ts';
import type { Queue } from '../queue/queue.ts';
import type { BindingRecord } from './record.ts';

/** Quorum queues keep every message, classic ones those that are persistent. */
export function isKept(queue: Queue, { message }: Entry): boolean {
  return queue.durable && (message.persistent || queue.settings.type === 'quorum');
}

export function isDurable({ source, destination }: Binding): boolean {
  const end = destination.kind === 'queue' ? destination.queue : destination.exchange;
  return source.durable && end.durable;
}

export function recordOf(kind: BindingRecord['kind'], binding: Binding): BindingRecord {
  return {
    kind,
    source: binding.source.name,
    destination: { kind: binding.destination.kind, name: destinationName(binding) },
    routingKey: binding.routingKey,
    arguments: binding.arguments,
  };
}
