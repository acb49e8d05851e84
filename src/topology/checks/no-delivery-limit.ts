import type { TopologyCheck } from '../check.ts';
import { isWaiting, settingOf, typeOf } from '../queue-settings.ts';

export const noDeliveryLimit: TopologyCheck = {
  code: 'no-delivery-limit',
  severity: 'warning',
  examine: (topology) =>
    topology.queues
      .filter(
        (queue) =>
          typeOf(queue) === 'quorum' &&
          !isWaiting(queue) &&
          settingOf(queue, topology, 'dead-letter-exchange') !== undefined &&
          settingOf(queue, topology, 'delivery-limit') === undefined,
      )
      .map(({ name }) => ({
        subject: `queue ${name}`,
        message: 'a message that kills its consumer is delivered again for ever (before RabbitMQ 4)',
        fix: 'x-delivery-limit: 5',
      })),
};
