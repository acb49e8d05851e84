import type { TopologyCheck } from '../check.ts';
import { deadLetterExchanges, isBounded, isWaiting } from '../queue-settings.ts';
import { queuesOf } from '../reach.ts';

export const unconsumedQueue: TopologyCheck = {
  code: 'unconsumed-queue',
  severity: 'warning',
  examine(topology, { services, events: { exchange } }) {
    if (!services.some(({ events }) => events !== undefined)) return [];
    const consumed = new Set(
      services
        .flatMap(({ events }) => events?.consumes ?? [])
        .flatMap((each) => queuesOf(each, topology, exchange)),
    );
    const exchanges = deadLetterExchanges(topology);
    const deadLetterQueues = new Set(
      topology.bindings
        .filter(({ source, destination_type: type }) => type === 'queue' && exchanges.has(source))
        .map(({ destination }) => destination),
    );
    return topology.queues
      .filter((queue) => !consumed.has(queue.name) && !deadLetterQueues.has(queue.name) && !isWaiting(queue))
      .filter((queue) => !isBounded(queue, topology))
      .map(({ name }) => ({
        subject: `queue ${name}`,
        message:
          'no service says that it consumes it, and nothing limits it: it grows until the disk is full',
        fix: 'name it under `events.consumes` of a service, or give it x-max-length or x-message-ttl',
      }));
  },
};
