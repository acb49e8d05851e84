import { RETRY_EXCHANGE } from '../broker/exchanges.ts';
import type { Binding, Queue, Topology } from '../model/topology.ts';
import { retryQueueName } from './names.ts';
import type { TopologyFile } from './schema.ts';

/**
 * Spells out what the file says in short: each delay of a `retry` becomes a queue whose messages go back to theirs when
 * its time to live is over. It lets go of a message only once the other queue has it.
 */
export function expand({ queues, ...file }: TopologyFile): Topology {
  const chains = queues.filter(({ retry }) => retry !== undefined);
  const waiting = chains.flatMap(({ name, retry }) =>
    (retry?.delays ?? []).map((delay) => waitingQueue(name, delay)),
  );
  const exchanges =
    chains.length === 0 || file.exchanges.some(({ name }) => name === RETRY_EXCHANGE)
      ? file.exchanges
      : [...file.exchanges, retryExchange()];
  return {
    ...file,
    exchanges,
    queues: [...queues.map(({ retry: _, ...queue }) => queue), ...waiting],
    bindings: [...file.bindings, ...waiting.map(({ name }) => waitingBinding(name))],
  };
}

function waitingQueue(queue: string, delay: number): Queue {
  return {
    name: retryQueueName(queue, delay),
    durable: true,
    auto_delete: false,
    arguments: {
      'x-queue-type': 'quorum',
      'x-message-ttl': delay,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': queue,
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    },
  };
}

function waitingBinding(queue: string): Binding {
  return {
    source: RETRY_EXCHANGE,
    destination: queue,
    destination_type: 'queue',
    routing_key: queue,
    arguments: {},
  };
}

function retryExchange(): Topology['exchanges'][number] {
  return {
    name: RETRY_EXCHANGE,
    type: 'direct',
    durable: true,
    auto_delete: false,
    internal: false,
    arguments: {},
  };
}
