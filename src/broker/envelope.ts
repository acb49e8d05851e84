import { randomUUID } from 'node:crypto';

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

/** Puts an event into its envelope, with an id of its own. `now` in milliseconds since the epoch. */
export function envelope(
  event: {
    source: string;
    type: string;
    dataschema: string;
    correlationId?: string;
    traceparent?: string;
    data: unknown;
  },
  now: number,
): Envelope {
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
