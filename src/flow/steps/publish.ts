import * as z from 'zod';
import { EVENT_CONTENT_TYPE, envelope } from '../../broker/envelope.ts';
import { TOPIC_EXCHANGE } from '../../broker/exchanges.ts';
import { messageOf } from '../../errors.ts';
import { jsonText } from '../../json.ts';
import type { JsonValue } from '../json-path.ts';
import { jsonValueSchema, numberOrCapture } from '../json-value.ts';
import { defineStepKind } from '../step-kind.ts';

const eventSchema = z.strictObject({
  /** The envelope's `type`: the name of its schema file. */
  type: z.string().regex(/^[a-z][a-z0-9_]*$/, { error: 'the name of an event, such as llm_request' }),
  data: jsonValueSchema,
  exchange: z.string().default(TOPIC_EXCHANGE),
  routing_key: z.string(),
  /** The major version of its contract. */
  version: numberOrCapture.default(1),
});

/** Publishes one event in its envelope, with the flow's correlation id; passed when the broker has confirmed it. */
export const publish = defineStepKind({
  acts: true,
  shape: {
    /** What is published. Not checked against its contract: a flow may want to see what becomes of a bad event. */
    event: eventSchema,
  },
  prepare: ({ event: template }) => ({
    async run(scope) {
      const { type, data, exchange, routing_key: routingKey, version } = scope.fill(template);
      const { clock } = scope.context;
      scope.actedAt = clock.monotonic();
      const blame = scope.broker.resource?.name ?? '';
      const event = envelope(
        {
          source: 'qbtc-test',
          type,
          dataschema: `urn:qbtc:event:${type}:${version}`,
          correlationId: scope.correlationId,
          traceparent: scope.traceparent,
          data,
        },
        clock.now(),
      );
      try {
        const connection = await scope.broker.connection();
        await connection.publish({ exchange, routingKey }, Buffer.from(jsonText(event)), {
          messageId: event.id,
          correlationId: scope.correlationId,
          contentType: EVENT_CONTENT_TYPE,
        });
      } catch (error) {
        return { status: 'failed', blame, evidence: `the broker did not take ${type}: ${messageOf(error)}` };
      }
      return {
        status: 'passed',
        seenAt: clock.monotonic(),
        evidence: `the broker confirmed ${type}`,
        document: event as unknown as JsonValue,
      };
    },
  }),
});
