import type { TopologyCheck } from '../check.ts';
import { matchesKey } from '../match.ts';
import { queuesOf } from '../reach.ts';

export const unheardKey: TopologyCheck = {
  code: 'unheard-key',
  severity: 'error',
  examine(topology, { services, events: { exchange } }) {
    // A service that declares by itself may bind what it likes.
    if (services.some(({ events }) => events?.declares !== undefined)) return [];
    const heard = services.flatMap(({ events }) => events?.subscribes ?? []);
    return services.flatMap(({ name, events }) =>
      (events?.publishes ?? [])
        .filter(
          (key) =>
            queuesOf(key, topology, exchange).length === 0 && !heard.some((each) => matchesKey(each, key)),
        )
        .map((key) => ({
          subject: `service ${name}`,
          message: `it publishes ${key}, which no queue is bound to and nobody subscribes to`,
          fix: `bind a queue to ${key} in the topology file, or let a service consume it`,
        })),
    );
  },
};
