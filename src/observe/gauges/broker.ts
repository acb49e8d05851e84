import { brokerAccess } from '../../broker/access.ts';
import { onBroker } from '../../broker/connection.ts';
import { ManagementApi } from '../../broker/management.ts';
import type { Context } from '../../context.ts';
import type { QueueMetrics } from '../../model/metrics.ts';
import type { Stack } from '../../model/stack.ts';
import { desiredOf } from '../../topology/index.ts';

/** The queues of the vhost; of a broker that speaks AMQP only those that are declared. */
export async function brokerMetrics(
  context: Pick<Context, 'http' | 'clock' | 'interrupted' | 'amqp'>,
  stack: Stack,
): Promise<QueueMetrics[]> {
  const access = brokerAccess(stack);
  if (access.management !== undefined) {
    const api = new ManagementApi(context, access.management);
    const queues = (await api.list(api.inVhost('queues'))) ?? [];
    return queues.map((queue) => ({
      queue: String(queue.name),
      ready: count(queue.messages_ready),
      unacknowledged: count(queue.messages_unacknowledged),
      consumers: count(queue.consumers),
    }));
  }
  const { topology } = await desiredOf(stack);
  return onBroker(context, access, 'qbtc metrics', async (connection) => {
    const found: QueueMetrics[] = [];
    for (const { name } of topology.queues) {
      const queue = await connection.inspectQueue(name);
      if (queue === undefined) continue;
      found.push({ queue: name, ready: queue.messages, unacknowledged: 0, consumers: queue.consumers });
    }
    return found;
  });
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
