import type { TopologyCheck } from '../check.ts';
import { settingOf } from '../queue-settings.ts';

/** No message is delivered so often: the way to say "no limit" to RabbitMQ 4, whose own is 20. */
const NEVER_REACHED = 100_000;

export const noDeadLetters: TopologyCheck = {
  code: 'no-dead-letters',
  severity: 'warning',
  examine: (topology) =>
    topology.queues
      .filter((queue) => {
        if (settingOf(queue, topology, 'dead-letter-exchange') !== undefined) return false;
        const limit = settingOf(queue, topology, 'delivery-limit');
        // -1 is none at all (RabbitMQ 4); a limit that nothing reaches drops nothing.
        return limit !== undefined && Number(limit) >= 0 && Number(limit) < NEVER_REACHED;
      })
      .map(({ name }) => ({
        subject: `queue ${name}`,
        message: 'it drops what is delivered too often, and has no dead-letter exchange to keep it',
        fix: 'give it x-dead-letter-exchange',
      })),
};
