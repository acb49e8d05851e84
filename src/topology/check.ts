import type { Finding } from '../model/finding.ts';
import type { Stack } from '../model/stack.ts';
import { EXCHANGE_TARGETS, type Queue, type Topology, targetsOfQueue } from '../model/topology.ts';
import { queuesOf } from './desired.ts';
import { matchesKey } from './match.ts';

type Look = (topology: Topology, stack: Pick<Stack, 'services'>) => Finding[];

/** No message is delivered so often: the way to say "no limit" to RabbitMQ 4, whose own is 20. */
const NEVER_REACHED = 100_000;

/** Every check, in the order of their findings. None needs a broker. */
const LOOKS: readonly Look[] = [
  unheardKeys,
  unconsumedQueues,
  unboundQueues,
  deadEnds,
  endlessRetries,
  losses,
  unlimited,
  pointlessPolicies,
];

/** What is wrong with the topology although the broker would take it. */
export function checkTopology(topology: Topology, stack: Pick<Stack, 'services'>): Finding[] {
  return LOOKS.flatMap((look) => look(topology, stack));
}

function unheardKeys(topology: Topology, { services }: Pick<Stack, 'services'>): Finding[] {
  const heard = services.flatMap(({ events }) => events?.subscribes ?? []);
  return services.flatMap(({ name, events }) =>
    (events?.publishes ?? [])
      .filter((key) => queuesOf(key, topology).length === 0 && !heard.some((each) => matchesKey(each, key)))
      .map((key) => ({
        code: 'unheard-key',
        severity: 'error' as const,
        subject: `service ${name}`,
        message: `it publishes ${key}, which no queue is bound to and nobody subscribes to`,
        fix: `bind a queue to ${key} in the topology file, or let a service consume it`,
      })),
  );
}

function unconsumedQueues(topology: Topology, { services }: Pick<Stack, 'services'>): Finding[] {
  if (!services.some(({ events }) => events !== undefined)) return [];
  const consumed = new Set(
    services.flatMap(({ events }) => events?.consumes ?? []).flatMap((each) => queuesOf(each, topology)),
  );
  const deadLetterQueues = new Set(
    topology.bindings
      .filter(({ source }) => deadLetterExchanges(topology).has(source))
      .map(({ destination }) => destination),
  );
  return topology.queues
    .filter((queue) => !consumed.has(queue.name) && !deadLetterQueues.has(queue.name) && !isWaiting(queue))
    .filter((queue) => !isBounded(queue, topology))
    .map(({ name }) => ({
      code: 'unconsumed-queue',
      severity: 'warning' as const,
      subject: `queue ${name}`,
      message: 'no service says that it consumes it, and nothing limits it: it grows until the disk is full',
      fix: 'name it under `events.consumes` of a service, or give it x-max-length or x-message-ttl',
    }));
}

function unboundQueues(topology: Topology): Finding[] {
  const bound = new Set(topology.bindings.map(({ destination }) => destination));
  const byName = new Set(topology.queues.map(({ arguments: args }) => args['x-dead-letter-routing-key']));
  return topology.queues
    .filter(({ name }) => !bound.has(name) && !byName.has(name))
    .map(({ name }) => ({
      code: 'unbound-queue',
      severity: 'warning' as const,
      subject: `queue ${name}`,
      message: 'no exchange leads to it: only who publishes to the default exchange by its name reaches it',
      fix: 'bind it, or remove it',
    }));
}

/** Dead letters that nobody keeps. */
function deadEnds(topology: Topology): Finding[] {
  const findings: Finding[] = [];
  const leadsOn = new Set(topology.bindings.map(({ source }) => source));
  for (const exchange of deadLetterExchanges(topology)) {
    if (exchange === '' || leadsOn.has(exchange)) continue;
    findings.push({
      code: 'dead-letters-lost',
      severity: 'error',
      subject: `exchange ${exchange}`,
      message: 'dead letters go to it, and no queue is bound to it: they are dropped without a word',
      fix: `bind a queue to ${exchange} with the routing key "#"`,
    });
  }
  for (const queue of topology.queues) {
    if (settingOf(queue, topology, 'dead-letter-exchange') !== undefined) continue;
    const limit = settingOf(queue, topology, 'delivery-limit');
    // -1 is none at all (RabbitMQ 4); a limit that nothing reaches drops nothing.
    if (limit === undefined || Number(limit) < 0 || Number(limit) >= NEVER_REACHED) continue;
    findings.push({
      code: 'no-dead-letters',
      severity: 'warning',
      subject: `queue ${queue.name}`,
      message: 'it drops what is delivered too often, and has no dead-letter exchange to keep it',
      fix: 'give it x-dead-letter-exchange',
    });
  }
  return findings;
}

/** Dead letters that come back to where they were rejected without ever waiting. */
function endlessRetries(topology: Topology): Finding[] {
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
  return topology.queues.flatMap((queue): Finding[] => {
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
        code: 'endless-retry',
        severity: 'error',
        subject: `queue ${queue.name}`,
        message: 'its dead letters come back to it at once: a message that is rejected goes round for ever',
        fix: 'let them wait with `retry: {delays: […]}`, or let them end in a queue of their own',
      },
    ];
  });
}

function losses(topology: Topology): Finding[] {
  return topology.queues
    .filter((queue) => queue.durable && typeOf(queue) === 'classic' && !isBounded(queue, topology))
    .map(({ name }) => ({
      code: 'single-copy',
      severity: 'warning' as const,
      subject: `queue ${name}`,
      message: 'a classic queue has one copy: with its node every message in it is gone',
      fix: 'x-queue-type: quorum for what must not be lost',
    }));
}

function unlimited(topology: Topology): Finding[] {
  return topology.queues
    .filter(
      (queue) =>
        typeOf(queue) === 'quorum' &&
        !isWaiting(queue) &&
        settingOf(queue, topology, 'dead-letter-exchange') !== undefined &&
        settingOf(queue, topology, 'delivery-limit') === undefined,
    )
    .map(({ name }) => ({
      code: 'no-delivery-limit',
      severity: 'warning' as const,
      subject: `queue ${name}`,
      message: 'a message that kills its consumer is delivered again for ever (before RabbitMQ 4)',
      fix: 'x-delivery-limit: 5',
    }));
}

function pointlessPolicies(topology: Topology): Finding[] {
  return topology.policies
    .filter(({ pattern, 'apply-to': applyTo }) => {
      const expression = new RegExp(pattern);
      const names = [
        ...topology.queues.filter((queue) => targetsOfQueue(typeOf(queue)).has(applyTo)),
        ...(EXCHANGE_TARGETS.has(applyTo) ? topology.exchanges : []),
      ].map(({ name }) => name);
      return !names.some((name) => expression.test(name));
    })
    .map(({ name, pattern }) => ({
      code: 'policy-without-effect',
      severity: 'warning' as const,
      subject: `policy ${name}`,
      message: `nothing that is declared matches ${pattern}`,
      fix: 'correct the pattern, or remove the policy',
    }));
}

function deadLetterExchanges(topology: Topology): Set<string> {
  return new Set(
    topology.queues
      .map((queue) => settingOf(queue, topology, 'dead-letter-exchange'))
      .filter((exchange) => typeof exchange === 'string'),
  );
}

/** It holds messages for a time and hands them on. */
function isWaiting({ arguments: args }: Queue): boolean {
  return args['x-message-ttl'] !== undefined && args['x-dead-letter-exchange'] !== undefined;
}

function isBounded(queue: Queue, topology: Topology): boolean {
  return ['max-length', 'max-length-bytes', 'message-ttl', 'expires'].some(
    (setting) => settingOf(queue, topology, setting) !== undefined,
  );
}

function typeOf({ arguments: args }: Queue): string {
  return String(args['x-queue-type'] ?? 'classic');
}

/** What holds for a queue: its argument, or else what the policy says that matches it first. */
function settingOf(queue: Queue, { policies }: Topology, setting: string): unknown {
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
