import { createHash } from 'node:crypto';
import type { AmqpConnection, RawMessage } from '../../context.ts';
import type { Batch } from './journal.ts';

/** So many messages are on their way at a time. */
const BATCH = 256;

/** Kept in a header while a message is aside: there it must not expire, and nobody may vouch for its user. */
const KEPT_HEADER = 'x-qbtc-kept';
/** How often a quorum queue has had the message back: its own note, not the message's. */
const COUNT_HEADER = 'x-delivery-count';

export interface Move {
  source: string;
  target: string;
  /** A fanout exchange that ends in the target alone: routing keys and copies asked for in headers lead nowhere else. */
  through: string;
  /** What happens to each message on its way. */
  change(message: RawMessage): RawMessage;
  /** What was on its way when an earlier run ended. */
  interrupted: Batch | undefined;
  /** Writes down what is on its way; on the disk once it resolves. */
  note(batch: Batch): Promise<void>;
  onMoved(count: number): void;
  signal: AbortSignal;
}

/**
 * Moves every message of one queue to the end of another, in order. A message leaves its queue only after the broker
 * has confirmed it in the other; one that is in both after a kill is recognized by its digest and not moved again.
 *
 * @returns how many messages were moved by this run
 * @throws the reason of `signal`, and the errors of the broker; nothing is lost then
 */
export async function moveAll(connection: AmqpConnection, move: Move): Promise<number> {
  let moved = 0;
  let interrupted = move.interrupted;
  for (;;) {
    move.signal.throwIfAborted();
    const sourceBefore = await depth(connection, move.source);
    const targetBefore = await depth(connection, move.target);
    if (sourceBefore === 0) return moved;
    const held = await connection.hold(move.source, BATCH);
    if (held.messages.length === 0) {
      await held.release();
      return moved;
    }
    const digests = held.messages.map(digestOf);
    const there = alreadyThere(digests, interrupted, sourceBefore, targetBefore);
    interrupted = undefined;
    const left = held.messages.filter((_, index) => !there.has(index));
    await move.note({
      sourceBefore,
      // What is there already belongs to the batch that is noted now.
      targetBefore: targetBefore - there.size,
      digests,
    });
    await connection.publishAll(move.through, left.map(move.change));
    await held.acknowledge();
    await held.release();
    moved += held.messages.length;
    move.onMoved(held.messages.length);
  }
}

/**
 * Which of the messages that are held now the interrupted run had put into the target already: of its batch the first
 * `arrived` were. Taken away from the source was the whole batch or nothing; where messages have gone otherwise (they
 * expired), fewer are recognized rather than one too many: better twice than never.
 */
export function alreadyThere(
  digests: readonly string[],
  interrupted: Batch | undefined,
  sourceNow: number,
  targetNow: number,
): Set<number> {
  const there = new Set<number>();
  if (interrupted === undefined) return there;
  const arrived = targetNow - interrupted.targetBefore;
  const gone = Math.max(0, interrupted.sourceBefore - sourceNow);
  let next = gone;
  for (const [index, digest] of digests.entries()) {
    const found = interrupted.digests.indexOf(digest, next);
    if (found === -1 || found >= arrived) break;
    there.add(index);
    next = found + 1;
  }
  return there;
}

/** Aside, a message must not expire, nor be refused because of who its user was. */
export function setAside(message: RawMessage): RawMessage {
  const { properties } = message;
  const kept: Kept = {
    expiration: properties.text('expiration'),
    deliveryMode: properties.octet('deliveryMode'),
    hasHeaders: properties.headers !== undefined,
  };
  return {
    ...message,
    properties: properties
      // A quorum queue keeps everything; a classic one only what asks for it.
      .with({ expiration: undefined, userId: undefined, deliveryMode: 2 })
      .withHeaders({ [KEPT_HEADER]: JSON.stringify(kept) }, isCount),
  };
}

/** Back in its queue it is as it was, but for the user: the broker takes no message in the name of another. */
export function bringBack(message: RawMessage): RawMessage {
  const kept = message.properties.headers?.[KEPT_HEADER];
  const { expiration, deliveryMode, hasHeaders } = JSON.parse(
    typeof kept === 'string' ? kept : '{}',
  ) as Partial<Kept>;
  const back = message.properties
    .with({ expiration, deliveryMode })
    .withHeaders({}, (name) => name === KEPT_HEADER || isCount(name));
  return { ...message, properties: hasHeaders === false ? back.with({ headers: undefined }) : back };
}

interface Kept {
  expiration: string | undefined;
  deliveryMode: number | undefined;
  /** An empty table of headers is not the same as none. */
  hasHeaders: boolean;
}

const isCount = (name: string) => name === COUNT_HEADER;

/** Without the headers: the broker's own note among them changes as the message goes back and forth. */
function digestOf({ routingKey, properties, content }: RawMessage): string {
  return createHash('sha256')
    .update(routingKey)
    .update('\0')
    .update(properties.with({ headers: undefined }).bytes)
    .update('\0')
    .update(content)
    .digest('base64url');
}

async function depth(connection: AmqpConnection, queue: string): Promise<number> {
  const found = await connection.inspectQueue(queue);
  if (found === undefined) throw new Error(`the queue ${queue} is gone`);
  return found.messages;
}
