import { randomUUID } from 'node:crypto';
import type { PublishProperties } from '../context.ts';
import { withMember } from '../field-path.ts';
import { hasFields, type JsonValue } from '../json.ts';
import type { MessageSettings } from './message.ts';

/** An event in its envelope: CloudEvents 1.0 and the extensions of the stack. */
export interface Envelope {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  /** ISO 8601. */
  time: string;
  datacontenttype: 'application/json';
  dataschema: string;
  correlationid: string;
  traceparent?: string;
  data: unknown;
}

export const EVENT_CONTENT_TYPE = 'application/cloudevents+json';

/** What is to be said. */
export interface EventToSay {
  source: string;
  type: string;
  dataschema: string;
  correlationId?: string;
  traceparent?: string;
  data: unknown;
}

/** Puts an event into its envelope, with an id of its own. `now` in milliseconds since the epoch. */
export function envelope(event: EventToSay, now: number): Envelope {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: event.source,
    type: event.type,
    time: new Date(now).toISOString(),
    datacontenttype: 'application/json',
    dataschema: event.dataschema,
    correlationid: event.correlationId ?? randomUUID(),
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
    data: event.data,
  };
}

/**
 * An event as the stack sends it: in its envelope, or its data alone, whose name then stands in the property `type`. The id
 * of the request is in each place that the stack names.
 */
export function eventMessage(
  event: EventToSay & { correlationId: string },
  { events, correlation: { header, field } }: MessageSettings,
  now: number,
): { document: JsonValue; properties: PublishProperties & { messageId: string } } {
  const { type, correlationId, traceparent } = event;
  const named = {
    ...(header === undefined ? {} : { [header]: correlationId }),
    // Without an envelope nothing else says to which trace it belongs.
    ...(events.envelope === 'cloudevents' || traceparent === undefined ? {} : { traceparent }),
  };
  const headers = Object.keys(named).length === 0 ? {} : { headers: named };
  if (events.envelope === 'cloudevents') {
    const wrapped = envelope(event, now);
    const properties = { messageId: wrapped.id, correlationId, contentType: EVENT_CONTENT_TYPE, ...headers };
    return { document: wrapped as unknown as JsonValue, properties };
  }
  const data = event.data as JsonValue;
  const document = field !== undefined && hasFields(data) ? withMember(data, field, correlationId) : data;
  return {
    document: document as JsonValue,
    properties: {
      messageId: randomUUID(),
      correlationId,
      contentType: 'application/json',
      type,
      ...headers,
    },
  };
}
