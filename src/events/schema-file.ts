import { relative } from 'node:path';
import type { Position } from '../config/mistake.ts';
import type { EventDestination } from '../model/event.ts';

/** A JSON Schema, as far as this part looks into it. */
export interface Schema {
  $id?: string;
  title?: string;
  description?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  $defs?: Record<string, Schema>;
  examples?: unknown[];
  [keyword: string]: unknown;
}

/** A file of `event-schemas/`: the data of one event, the envelope of all, or the schema of something else. */
export interface SchemaFile {
  /** `llm_request`, the name of the file without its ending. */
  name: string;
  /** Absolute; or `HEAD:event-schemas/llm_request.json`. */
  file: string;
  schema: Schema;
  /** Where the value at a path stands. */
  at(path: readonly (string | number)[]): Position;
}

/** The keyword of our own that says where an event is published: a routing key of the topic exchange. */
export const ROUTING_KEY = 'x-routing-key';
/** The keyword of our own that says from which queue those who share an event among them take it. */
export const QUEUE = 'x-queue';

/** `urn:qbtc:event:NAME:MAJOR` */
const EVENT_ID = /^urn:qbtc:event:([a-z][a-z0-9_]*):([1-9][0-9]*)$/;
/** The name of the file of the envelope. */
export const ENVELOPE = 'envelope';

/** The name and major version of an event; `undefined` for a schema of something else. */
export function eventOf({ $id }: Schema): { name: string; major: number } | undefined {
  const [, name, major] = EVENT_ID.exec($id ?? '') ?? [];
  return name === undefined ? undefined : { name, major: Number(major) };
}

/** The schemas of events, without that of the envelope and of what is no event. */
export function eventFiles(files: readonly SchemaFile[]): SchemaFile[] {
  return files.filter(({ name, schema }) => name !== ENVELOPE && eventOf(schema) !== undefined);
}

/**
 * Where each event is published, and its queue; an answer goes to whoever has asked, and has none. Places are told from the
 * root of the stack.
 */
export function destinationsOf(files: readonly SchemaFile[], root: string): EventDestination[] {
  return eventFiles(files).flatMap(({ name, file, schema, at }) => {
    const routingKey = routingKeyOf(schema);
    if (routingKey === undefined) return [];
    const queue = queueOf(schema);
    const place = { file: relative(root, file), ...at([queue === undefined ? ROUTING_KEY : QUEUE]) };
    return [{ event: name, routingKey, ...(queue === undefined ? {} : { queue }), place }];
  });
}

/** Where an event is published; `undefined` for an answer, which goes to whoever has asked. */
export function routingKeyOf(schema: Schema): string | undefined {
  return textOf(schema, ROUTING_KEY);
}

/** The queue of those who share an event; `undefined` where each who listens has one of its own. */
export function queueOf(schema: Schema): string | undefined {
  return textOf(schema, QUEUE);
}

function textOf(schema: Schema, keyword: string): string | undefined {
  const value = schema[keyword];
  return typeof value === 'string' ? value : undefined;
}
