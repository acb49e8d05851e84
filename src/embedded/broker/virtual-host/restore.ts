import { messageOf } from '../../../errors.ts';
import type { Log } from '../../program.ts';
import type { Table } from '../codec/table.ts';
import { queueSettings } from '../queue/arguments.ts';
import type { Entry } from '../queue/entry.ts';
import type { QueueEnvironment } from '../queue/environment.ts';
import { Queue } from '../queue/queue.ts';
import type { Image } from '../store/image.ts';
import type { QueueRecord } from '../store/record.ts';
import type { VirtualHost } from './virtual-host.ts';

interface Restoring {
  vhost: VirtualHost;
  environment: QueueEnvironment;
  setAside(queue: Queue, error: unknown): void;
  log: Log;
}

/**
 * Puts what an earlier process has left into a virtual host. What cannot be put back stays in the store and is named;
 * everything else goes on.
 */
export function restore({ exchanges, queues, bindings }: Image, restoring: Restoring): void {
  const { vhost, setAside } = restoring;
  for (const { name, type, ...properties } of exchanges.values())
    attempt(
      () => vhost.addExchange(name, type, { ...properties, durable: true }),
      (error) => cannotRestore(restoring, 'exchange', name, error),
    );
  const spent = new Map<Queue, Entry[]>();
  const failed = new Map<Queue, unknown>();
  for (const { definition, messages } of queues.values()) {
    let queue: Queue | undefined;
    try {
      queue = restoredQueue(restoring, definition, definition.arguments);
      spent.set(queue, queue.restore(messages.values()));
    } catch (error) {
      queue?.close();
      queue = restoredQueue(restoring, definition, new Map());
      failed.set(queue, error);
    }
    vhost.queues.set(definition.name, queue);
  }
  for (const binding of bindings)
    if (vhost.bindings.hasEnds(binding))
      attempt(
        () => vhost.bindings.add(vhost.bindings.resolve(binding, undefined)),
        (error) =>
          cannotRestore(restoring, 'binding', `${binding.source} to ${binding.destination.name}`, error),
      );
  // First: what is dead-lettered now may reach them. Not before: the bindings are theirs still.
  for (const [queue, error] of failed) setAside(queue, error);
  for (const [queue, entries] of spent)
    if (!queue.crashed)
      attempt(
        () => queue.resumeAfterRestart(entries),
        (error) => setAside(queue, error),
      );
}

/** With what is known of it: a definition that cannot be used leaves a queue without arguments, to be set aside. */
function restoredQueue({ vhost, environment }: Restoring, record: QueueRecord, given: Table): Queue {
  const { name, autoDelete } = record;
  const settings = queueSettings(name, vhost.name, given);
  const whole = { autoDelete, arguments: given, durable: true, exclusiveOwner: undefined };
  return new Queue(name, whole, settings, environment, vhost.policies.ofQueue(name, settings.type));
}

function cannotRestore(
  { vhost, log }: Restoring,
  kind: 'exchange' | 'binding',
  name: string,
  error: unknown,
): void {
  const context = { vhost: vhost.name, [kind]: name, error: messageOf(error) };
  log('error', `the ${kind} cannot be put back: what is stored of it stays, and the rest goes on`, context);
}

function attempt(work: () => unknown, failed: (error: unknown) => void): void {
  try {
    work();
  } catch (error) {
    failed(error);
  }
}
