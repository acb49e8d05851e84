import type { TopologyCheck } from '../check.ts';
import { isBounded, typeOf } from '../queue-settings.ts';

export const singleCopy: TopologyCheck = {
  code: 'single-copy',
  severity: 'warning',
  examine: (topology) =>
    topology.queues
      .filter((queue) => queue.durable && typeOf(queue) === 'classic' && !isBounded(queue, topology))
      .map(({ name }) => ({
        subject: `queue ${name}`,
        message: 'a classic queue has one copy: with its node every message in it is gone',
        fix: 'x-queue-type: quorum for what must not be lost',
      })),
};
