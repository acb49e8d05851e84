import * as z from 'zod';
import { messageFacts } from '../../broker/message.ts';
import type { RawMessage } from '../../context.ts';
import { messageOf } from '../../errors.ts';
import { durationSchema } from '../duration.ts';
import type { JsonValue } from '../json-path.ts';
import {
  type MessageConditions,
  messageConditionsSchema,
  messageDocument,
  messageMismatches,
} from '../message.ts';
import { type Look, poll } from '../poll.ts';
import { defineStepKind, type StepScope } from '../step-kind.ts';

/** How far into the queue is looked. */
const MOST_MESSAGES = 1_000;

/**
 * Takes the message with the flow's correlation id, or the first that `match` tells, out of a queue, such as the dead
 * letters. All others go back to where they were.
 */
export const consume = defineStepKind({
  acts: false,
  shape: {
    queue: z.string().min(1, { error: 'the name of a queue' }),
    /** Which one it is, where it does not carry the flow's correlation id. */
    match: messageConditionsSchema.optional(),
    /** Conditions on the message; `json` on `{exchange, routing_key, headers, properties, content}`. */
    expect: messageConditionsSchema.default({}),
    every: durationSchema.default(500),
    within: durationSchema.default(5_000),
  },
  prepare: ({ queue: template, match, expect: expectation, every, within }) => ({
    async run(scope) {
      const queue = scope.fill(template);
      const wanted = { match: scope.fill(match), expected: scope.fill(expectation) };
      const blame = scope.broker.resource?.name ?? '';
      try {
        const result = await poll(scope, { every, within }, () => look(scope, queue, wanted));
        if ('last' in result) return { status: 'failed', evidence: `${queue}: ${result.last}` };
        const seenAt = scope.context.clock.monotonic();
        return { status: 'passed', seenAt, evidence: `it was in ${queue}`, document: result.found };
      } catch (error) {
        return { status: 'failed', blame, evidence: `${queue} could not be read: ${messageOf(error)}` };
      }
    },
  }),
});

async function look(
  { broker, correlationId, stack }: StepScope,
  queue: string,
  { match, expected }: { match: MessageConditions | undefined; expected: MessageConditions },
): Promise<Look<JsonValue>> {
  const connection = await broker.connection();
  const held = await connection.hold(queue, MOST_MESSAGES);
  try {
    const isIt = (message: RawMessage) =>
      match === undefined
        ? messageFacts(message, stack).correlationId === correlationId
        : messageMismatches(message, messageDocument(message), match).length === 0;
    const place = held.messages.findIndex(isIt);
    const message = held.messages[place];
    if (message === undefined) {
      const which = match === undefined ? 'is of this flow' : 'is the one that "match" tells';
      return { last: `none of its ${held.messages.length} messages ${which}` };
    }
    const document = messageDocument(message);
    const mismatches = messageMismatches(message, document, expected);
    if (mismatches.length > 0) return { last: mismatches.join('; ') };
    await held.acknowledge([place]);
    return { found: document };
  } finally {
    await held.release();
  }
}
