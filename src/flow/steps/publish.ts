import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { eventMessage } from '../../broker/envelope.ts';
import { headerOf } from '../../broker/message.ts';
import type { PublishProperties } from '../../context.ts';
import { messageOf } from '../../errors.ts';
import { jsonText } from '../../json.ts';
import type { JsonValue } from '../json-path.ts';
import { jsonValueSchema, numberOrCapture } from '../json-value.ts';
import { contentOf } from '../message.ts';
import { headersSchema, propertiesSchema, publishProperties, shortText } from '../message-properties.ts';
import { defineStepKind, type StepOutcome, type StepScope } from '../step-kind.ts';

const eventSchema = z.strictObject({
  /** The name of the event: that of its schema file. */
  type: z.string().regex(/^[a-z][a-z0-9_]*$/, { error: 'the name of an event, such as llm_request' }),
  data: jsonValueSchema,
  /** That of the stack when left out. */
  exchange: shortText.optional(),
  routing_key: shortText,
  /** The major version of its contract. */
  version: numberOrCapture.default(1),
});

const BODIES = ['json', 'body', 'base64'] as const;

const messageSchema = z
  .strictObject({
    /** That of the stack when left out; `''` is the default exchange, whose routing keys are names of queues. */
    exchange: shortText.optional(),
    routing_key: shortText.default(''),
    /** Sent as JSON, with its content type. */
    json: jsonValueSchema.optional(),
    /** Sent as it stands. */
    body: z.string().optional(),
    /** Bytes that are no text. */
    base64: z.base64({ error: 'bytes in base64' }).optional(),
    headers: headersSchema.default({}),
    properties: propertiesSchema.default({}),
  })
  .refine((message) => BODIES.filter((name) => message[name] !== undefined).length <= 1, {
    error: 'one of json, body and base64',
  });

/** What goes to the broker. */
interface Outgoing {
  what: string;
  exchange: string;
  routingKey: string;
  content: Buffer;
  properties: PublishProperties;
  document: JsonValue;
}

/**
 * Publishes an event as the stack wraps them, or a message of any form, with the flow's correlation id; passed when the
 * broker has confirmed it.
 */
export const publish = defineStepKind({
  acts: true,
  shape: {
    /** What is published. Not checked against its contract: a flow may want to see what becomes of a bad event. */
    event: eventSchema.optional(),
    message: messageSchema.optional(),
  },
  refine({ event, message }, issues) {
    if ((event === undefined) !== (message === undefined)) return;
    const expected = event === undefined ? 'event or message' : 'either event or message, not both';
    issues.addIssue({ code: 'custom', path: [], message: expected });
  },
  prepare: ({ event, message }) => ({
    run: (scope) =>
      message === undefined
        ? publishOne(scope, () => eventOf(scope, event as z.output<typeof eventSchema>))
        : publishOne(scope, () => rawMessageOf(scope, message)),
  }),
});

async function publishOne(scope: StepScope, make: () => Outgoing): Promise<StepOutcome> {
  const { clock } = scope.context;
  scope.actedAt = clock.monotonic();
  const { what, exchange, routingKey, content, properties, document } = make();
  try {
    const connection = await scope.broker.connection();
    await connection.publish({ exchange, routingKey }, content, properties);
  } catch (error) {
    const blame = scope.broker.resource?.name ?? '';
    return { status: 'failed', blame, evidence: `the broker did not take ${what}: ${messageOf(error)}` };
  }
  return { status: 'passed', seenAt: clock.monotonic(), evidence: `the broker confirmed ${what}`, document };
}

function eventOf(scope: StepScope, template: z.output<typeof eventSchema>): Outgoing {
  const { type, data, exchange, routing_key: routingKey, version } = scope.fill(template);
  const { correlationId, traceparent } = scope;
  const { document, properties } = eventMessage(
    {
      source: 'qbtc-test',
      type,
      dataschema: `urn:qbtc:event:${type}:${version}`,
      correlationId,
      traceparent,
      data,
    },
    scope.stack,
    scope.context.clock.now(),
  );
  return {
    what: type,
    exchange: exchange ?? scope.stack.events.exchange,
    routingKey,
    content: Buffer.from(jsonText(document)),
    properties,
    document,
  };
}

function rawMessageOf(scope: StepScope, template: z.output<typeof messageSchema>): Outgoing {
  const { json, body, base64, routing_key: routingKey, ...message } = scope.fill(template);
  const { header } = scope.stack.correlation;
  const exchange = message.exchange ?? scope.stack.events.exchange;
  const content =
    base64 === undefined
      ? Buffer.from(json === undefined ? (body ?? '') : jsonText(json))
      : Buffer.from(base64, 'base64');
  const isNamed = header === undefined || headerOf(message.headers, header) !== undefined;
  const headers = isNamed ? message.headers : { ...message.headers, [header]: scope.correlationId };
  const properties = {
    ...(json === undefined ? {} : { content_type: 'application/json' }),
    correlation_id: scope.correlationId,
    message_id: randomUUID(),
    ...message.properties,
  };
  return {
    what: `a message to ${exchange === '' ? `the queue ${routingKey}` : exchange}`,
    exchange,
    routingKey,
    content,
    properties: {
      ...publishProperties(properties),
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
    },
    document: {
      exchange,
      routing_key: routingKey,
      headers: headers as JsonValue,
      properties: properties as JsonValue,
      content: contentOf(content),
    },
  };
}
