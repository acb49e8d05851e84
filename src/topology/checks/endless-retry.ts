import type { Queue } from '../../model/topology.ts';
import type { TopologyCheck, TopologyProblem } from '../check.ts';
import { matchesKey } from '../match.ts';
import { isWaiting, settingOf } from '../queue-settings.ts';

/** Dead letters that come back to where they were rejected without ever waiting. */
export const endlessRetry: TopologyCheck = {
  code: 'endless-retry',
  severity: 'error',
  examine(topology) {
    const next = (queue: Queue): string[] => {
      const exchange = settingOf(queue, topology, 'dead-letter-exchange');
      if (typeof exchange !== 'string') return [];
      const key = settingOf(queue, topology, 'dead-letter-routing-key');
      if (exchange === '') return [String(key ?? queue.name)];
      return topology.bindings
        .filter(
          ({ source, destination_type, routing_key }) =>
            source === exchange &&
            destination_type === 'queue' &&
            (typeof key !== 'string' || matchesKey(routing_key, key)),
        )
        .map(({ destination }) => destination);
    };
    const byName = new Map(topology.queues.map((queue) => [queue.name, queue]));
    return topology.queues.flatMap((queue): TopologyProblem[] => {
      const seen = new Set<string>();
      const open = next(queue);
      for (let name = open.pop(); name !== undefined; name = open.pop()) {
        const other = byName.get(name);
        // One that makes its messages wait is a retry, not a storm.
        if (other === undefined || seen.has(name) || isWaiting(other)) continue;
        seen.add(name);
        open.push(...next(other));
      }
      if (!seen.has(queue.name)) return [];
      return [
        {
          subject: `queue ${queue.name}`,
          message: 'its dead letters come back to it at once: a message that is rejected goes round for ever',
          fix: 'let them wait with `retry: {delays: […]}`, or let them end in a queue of their own',
        },
      ];
    });
  },
};
