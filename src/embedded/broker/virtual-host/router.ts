import type { Exchange } from '../exchange/exchange.ts';
import type { Message } from '../message.ts';
import { REPLY_PREFIX } from '../names.ts';
import type { Queue } from '../queue/queue.ts';

/** Delivers to the addresses of direct reply-to (https://www.rabbitmq.com/docs/direct-reply-to). */
export interface ReplyTargets {
  deliver(address: string, message: Message): void;
}

/** What routing reads of a virtual host. */
export interface RoutingTable {
  readonly exchanges: ReadonlyMap<string, Exchange>;
  readonly queues: ReadonlyMap<string, Queue>;
}

const NOWHERE: readonly Queue[] = [];

/** The queues that a message reaches, each once: through bindings, other exchanges, and alternate exchanges. */
export function route(
  table: RoutingTable,
  exchange: Exchange,
  message: Message,
  replyTargets: ReplyTargets,
): readonly Queue[] {
  const extraKeys = message.extraRoutingKeys;
  if (exchange.name === '') {
    if (extraKeys === undefined) return byName(table, message.routingKey, message, replyTargets);
    const keys = new Set([message.routingKey, ...extraKeys]);
    return [...keys].flatMap((key) => byName(table, key, message, replyTargets));
  }
  const queues = new Set<Queue>();
  const keys = extraKeys === undefined ? [message.routingKey] : [message.routingKey, ...extraKeys];
  const seen = new Set([exchange]);
  // The set grows while it is walked: each exchange that a binding leads to is looked at once.
  for (const current of seen) {
    let matched = false;
    for (const key of keys) {
      for (const { destination } of current.match(key, message)) {
        matched = true;
        if (destination.kind === 'queue') queues.add(destination.queue);
        else seen.add(destination.exchange);
      }
    }
    if (matched || current.alternate === undefined) continue;
    const alternate = table.exchanges.get(current.alternate);
    if (alternate !== undefined) seen.add(alternate);
  }
  return [...queues];
}

/** The default exchange: a queue is bound to it by its name. A reply address is no queue, and counts as no route. */
function byName(
  table: RoutingTable,
  key: string,
  message: Message,
  replyTargets: ReplyTargets,
): readonly Queue[] {
  const queue = table.queues.get(key);
  if (queue !== undefined) return [queue];
  if (key.startsWith(REPLY_PREFIX)) replyTargets.deliver(key, message);
  return NOWHERE;
}
