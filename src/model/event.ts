import type { SourcePlace } from './gateway.ts';

/** The code of the error of a message that no queue was bound for. */
export const UNROUTED = 'UNROUTED';

/** What events are wrapped in: the attributes of CloudEvents, or nothing, so that the body of a message is the event. */
export const ENVELOPES = ['cloudevents', 'none'] as const;
export type EnvelopeKind = (typeof ENVELOPES)[number];

/** How the services of a stack speak at the broker. */
export interface EventSettings {
  /** The exchange that they publish to; `''` is the default exchange. */
  exchange: string;
  envelope: EnvelopeKind;
}

/** Where the services of a stack carry the id of a request. */
export interface CorrelationSettings {
  /** A header of HTTP and of messages, in any case. */
  header?: string;
  /** A field of the body of messages and of log lines, or a path through objects: `meta.requestId`. */
  field?: string;
}

/** Where an event is published, as its contract says. */
export interface EventDestination {
  /** `llm_request` */
  event: string;
  /** A routing key of the stack's topic exchange. */
  routingKey: string;
  /** The queue from which those who share the event among them take it. */
  queue?: string;
  /** Where the contract says so. */
  place: SourcePlace;
}

/** An event as it passed the broker. */
export interface SeenEvent {
  exchange: string;
  routingKey: string;
  /** When it was seen here, in UTC. */
  seenAt: string;
  type?: string;
  source?: string;
  id?: string;
  correlationId?: string;
  /** Why it does not keep to its contract; left out when it does. */
  problem?: string;
  /** The whole event; left out for what is not JSON, of which `text` is what it is, or `base64` when it is no text. */
  event?: unknown;
  text?: string;
  base64?: string;
}

/** A message that ended in a dead-letter queue. */
export interface DeadLetter {
  /** Its place in the queue, from 0. */
  index: number;
  type?: string;
  id?: string;
  correlationId?: string;
  /** Why it is there, as far as anybody has said. */
  reason: string;
  /** Where it came from, and where a replay sends it: a queue where it is known, or else an exchange and a key. */
  origin: { queue?: string; exchange: string; routingKey: string };
  /** How often it was replayed before. */
  replays: number;
  status: 'replayed' | 'would be replayed' | 'kept' | 'failed';
  /** Why it was kept, or failed. */
  note?: string;
}

/** An event that the broker has confirmed. */
export interface PublishedEvent {
  id: string;
  type: string;
  correlationId: string;
  exchange: string;
  routingKey: string;
}
