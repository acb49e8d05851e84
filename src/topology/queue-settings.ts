import { type Queue, type Topology, targetsOfQueue } from '../model/topology.ts';

/** The exchanges that queues send to what they give up. */
export function deadLetterExchanges(topology: Topology): Set<string> {
  return new Set(
    topology.queues
      .map((queue) => settingOf(queue, topology, 'dead-letter-exchange'))
      .filter((exchange) => typeof exchange === 'string'),
  );
}

/** It holds messages for a time and hands them on. */
export function isWaiting({ arguments: args }: Queue): boolean {
  return args['x-message-ttl'] !== undefined && args['x-dead-letter-exchange'] !== undefined;
}

/** Whether something keeps it from growing for ever. */
export function isBounded(queue: Queue, topology: Topology): boolean {
  return ['max-length', 'max-length-bytes', 'message-ttl', 'expires'].some(
    (setting) => settingOf(queue, topology, setting) !== undefined,
  );
}

/** Its type; classic where it says none. */
export function typeOf({ arguments: args }: Queue): string {
  return String(args['x-queue-type'] ?? 'classic');
}

/** What holds for a queue: its argument, or else what the policy says that matches it first. */
export function settingOf(queue: Queue, { policies }: Topology, setting: string): unknown {
  const { name, arguments: args } = queue;
  const own = args[`x-${setting}`];
  if (own !== undefined) return own;
  const [policy] = policies
    .filter(
      (each) => targetsOfQueue(typeOf(queue)).has(each['apply-to']) && new RegExp(each.pattern).test(name),
    )
    .sort((a, b) => b.priority - a.priority);
  return policy?.definition[setting];
}
