import { isUtf8 } from 'node:buffer';
import * as z from 'zod';
import type { RawMessage } from '../../context.ts';
import { messageOf } from '../../errors.ts';
import { hasFields, jsonText, parseJson } from '../../json.ts';
import { jsonConditionsSchema, jsonMismatches } from '../conditions.ts';
import { durationSchema } from '../duration.ts';
import { type JsonValue, parsedJson } from '../json-path.ts';
import { type Look, poll } from '../poll.ts';
import { defineStepKind, type StepScope } from '../step-kind.ts';

/** How far into the queue is looked. */
const MOST_MESSAGES = 1_000;

/**
 * Takes the message with the flow's correlation id out of a queue, such as the dead letters. All others go back to where
 * they were.
 */
export const consume = defineStepKind({
  acts: false,
  shape: {
    queue: z.string(),
    /** Conditions on `{exchange, routing_key, headers, content}`; `content` is the envelope. */
    expect: z.strictObject({ json: jsonConditionsSchema }).default({ json: {} }),
    every: durationSchema.default(500),
    within: durationSchema.default(5_000),
  },
  prepare: ({ queue: template, expect: expectation, every, within }) => ({
    async run(scope) {
      const queue = scope.fill(template);
      const expected = scope.fill(expectation);
      const blame = scope.broker.resource?.name ?? '';
      try {
        const result = await poll(scope, { every, within }, () => look(scope, queue, expected.json));
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
  { broker, correlationId }: StepScope,
  queue: string,
  expected: Record<string, never> | z.infer<typeof jsonConditionsSchema>,
): Promise<Look<JsonValue>> {
  const connection = await broker.connection();
  const held = await connection.hold(queue, MOST_MESSAGES);
  try {
    const place = held.messages.findIndex((message) => correlationOf(message) === correlationId);
    const message = held.messages[place];
    if (message === undefined)
      return { last: `none of its ${held.messages.length} messages is of this flow` };
    const document = documentOf(message);
    const mismatches = jsonMismatches(document, expected);
    if (mismatches.length > 0) return { last: mismatches.join('; ') };
    await held.acknowledge([place]);
    return { found: document };
  } finally {
    await held.release();
  }
}

function documentOf({ exchange, routingKey, properties, content }: RawMessage): JsonValue {
  return {
    exchange,
    routing_key: routingKey,
    headers: headersOf(properties.headers ?? {}),
    content: parsedJson(content) ?? content.toString(isUtf8(content) ? 'utf8' : 'base64'),
  };
}

/** As JSON holds them: bytes, and texts that are no UTF-8, in base64. */
function headersOf(headers: Record<string, unknown>): JsonValue {
  const readable = (value: unknown): unknown => {
    if (Buffer.isBuffer(value)) return value.toString('base64');
    if (Array.isArray(value)) return value.map(readable);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, readable(inner)]));
  };
  return parseJson(jsonText(readable(headers)));
}

function correlationOf({ properties, content }: RawMessage): string | undefined {
  const event = parsedJson(content);
  const id = (hasFields(event) ? event.correlationid : undefined) ?? properties.text('correlationId');
  return typeof id === 'string' ? id : undefined;
}
