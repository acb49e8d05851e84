import { isUtf8 } from 'node:buffer';
import * as z from 'zod';
import type { MessageProperties } from '../amqp/message-properties.ts';
import { headerOf } from '../broker/message.ts';
import type { RawMessage } from '../context.ts';
import { jsonText, parseJson } from '../json.ts';
import {
  type Condition,
  conditionSchema,
  jsonConditionsSchema,
  jsonMismatches,
  mismatch,
} from './conditions.ts';
import { type JsonValue, parsedJson } from './json-path.ts';
import { CLIENT_NAMES, ofProperties, PROPERTIES, type PropertyName } from './message-properties.ts';

/** What can be expected of a message, and by what it can be found. */
export const messageConditionsSchema = z.strictObject({
  /** Conditions on the document of the step. */
  json: jsonConditionsSchema.optional(),
  /** The body as text; bytes that are no UTF-8 in base64. */
  body: conditionSchema.optional(),
  /** By name, in any case. */
  headers: z.record(z.string(), conditionSchema).optional(),
  /** Properties of AMQP: `type`, `reply_to`. */
  properties: ofProperties(conditionSchema).optional(),
});
export type MessageConditions = z.infer<typeof messageConditionsSchema>;

type Message = Pick<RawMessage, 'exchange' | 'routingKey' | 'properties' | 'content'>;

/** What of the conditions does not hold for a message, one line each. */
export function messageMismatches(
  message: Message,
  document: JsonValue | undefined,
  { json, body, headers = {}, properties = {} }: MessageConditions,
): string[] {
  const about = (what: string, actual: JsonValue | undefined, condition: Condition | undefined) =>
    condition === undefined ? undefined : mismatch(what, actual, condition);
  const carried = headersOf(message.properties);
  const said = propertiesOf(message.properties);
  return [
    about('the body', textOf(message.content), body),
    ...Object.entries(headers).map(([name, condition]) =>
      about(`header ${name}`, headerOf(carried, name) as JsonValue | undefined, condition),
    ),
    ...Object.entries(properties).map(([name, condition]) =>
      about(`property ${name}`, said[name], condition),
    ),
    ...jsonMismatches(document, json),
  ].filter((reason) => reason !== undefined);
}

/** A message as a document. */
export function messageDocument({ exchange, routingKey, properties, content }: Message): JsonValue {
  return {
    exchange,
    routing_key: routingKey,
    headers: headersOf(properties),
    properties: propertiesOf(properties),
    content: contentOf(content),
  };
}

/** The JSON that a body is, or else its text; what is no text in base64. */
export function contentOf(content: Buffer): JsonValue {
  return parsedJson(content) ?? textOf(content);
}

function textOf(content: Buffer): string {
  return content.toString(isUtf8(content) ? 'utf8' : 'base64');
}

type Fields = { [name: string]: JsonValue };

/** As JSON holds them: bytes, and texts that are no UTF-8, in base64. */
function headersOf({ headers }: MessageProperties): Fields {
  const readable = (value: unknown): unknown => {
    if (Buffer.isBuffer(value)) return value.toString('base64');
    if (Array.isArray(value)) return value.map(readable);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, readable(inner)]));
  };
  return parseJson(jsonText(readable(headers ?? {}))) as Fields;
}

/** Those that a message has, under the names that AMQP gives them. */
function propertiesOf(properties: MessageProperties): Fields {
  const value = (name: PropertyName): JsonValue | undefined => {
    const called = CLIENT_NAMES[name];
    if (called === 'timestamp') return properties.timestamp;
    if (called === 'priority' || called === 'deliveryMode') return properties.octet(called);
    return properties.text(called);
  };
  return Object.fromEntries(
    PROPERTIES.flatMap((name) => {
      const said = value(name);
      return said === undefined ? [] : [[name, said]];
    }),
  );
}
