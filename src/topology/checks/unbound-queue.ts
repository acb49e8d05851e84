import type { TopologyCheck } from '../check.ts';

export const unboundQueue: TopologyCheck = {
  code: 'unbound-queue',
  severity: 'warning',
  examine(topology) {
    const bound = new Set(topology.bindings.map(({ destination }) => destination));
    const byName = new Set(topology.queues.map(({ arguments: args }) => args['x-dead-letter-routing-key']));
    return topology.queues
      .filter(({ name }) => !bound.has(name) && !byName.has(name))
      .map(({ name }) => ({
        subject: `queue ${name}`,
        message: 'no exchange leads to it: only who publishes to the default exchange by its name reaches it',
        fix: 'bind it, or remove it',
      }));
  },
};
