import * as z from 'zod';
import type { PublishProperties } from '../context.ts';
import { isNumber, type JsonValue } from '../json.ts';
import { isRecord } from '../record.ts';
import { numberOrCapture } from './json-value.ts';

/** The properties of class `basic` under the names that AMQP 0-9-1 gives them, and those that the client has for them. */
export const CLIENT_NAMES = {
  content_type: 'contentType',
  content_encoding: 'contentEncoding',
  delivery_mode: 'deliveryMode',
  priority: 'priority',
  correlation_id: 'correlationId',
  reply_to: 'replyTo',
  expiration: 'expiration',
  message_id: 'messageId',
  timestamp: 'timestamp',
  type: 'type',
  user_id: 'userId',
  app_id: 'appId',
} as const satisfies Record<string, keyof PublishProperties>;
export type PropertyName = keyof typeof CLIENT_NAMES;
export const PROPERTIES = Object.keys(CLIENT_NAMES) as [PropertyName, ...PropertyName[]];

/** A mapping with a value of this kind for any of them. */
export function ofProperties<Value extends z.ZodType>(value: Value) {
  const fields = Object.fromEntries(PROPERTIES.map((name) => [name, value.optional()]));
  return z.strictObject(fields as Record<PropertyName, z.ZodOptional<Value>>);
}

/** AMQP's shortstr. */
const SHORT_TEXT_BYTES = 255;
export const shortText = z
  .string({ error: 'text' })
  .refine((text) => Buffer.byteLength(text) <= SHORT_TEXT_BYTES, {
    error: `at most ${SHORT_TEXT_BYTES} bytes`,
  });

/** A whole number that AMQP has so many bytes for, or a capture that will be one. */
const within = (most: number, least = 0) =>
  numberOrCapture.refine(
    (value) =>
      typeof value === 'string' ||
      (Number.isInteger(value) && Number(value) >= least && Number(value) <= most),
    { error: `a whole number from ${least} to ${most}` },
  );

/** The properties that a message is given. */
export const propertiesSchema = z.strictObject({
  content_type: shortText.optional(),
  content_encoding: shortText.optional(),
  delivery_mode: within(2, 1).optional(),
  priority: within(255).optional(),
  correlation_id: shortText.optional(),
  reply_to: shortText.optional(),
  /** Milliseconds. */
  expiration: within(0xffff_ffff).optional(),
  message_id: shortText.optional(),
  /** Seconds since 1970. */
  timestamp: within(Number.MAX_SAFE_INTEGER).optional(),
  type: shortText.optional(),
  user_id: shortText.optional(),
  app_id: shortText.optional(),
});

/** What a table of AMQP holds: of numbers those that JavaScript has. */
const headerValue: z.ZodType<JsonValue> = z.lazy(() =>
  z.union(
    [z.string(), z.number(), z.boolean(), z.null(), z.array(headerValue), z.record(z.string(), headerValue)],
    { error: 'a text, a number of at most 15 digits, true, false, null, a list or a mapping of such' },
  ),
);
export const headersSchema = z.record(shortText, headerValue);

/** The properties as the client takes them; a capture may have been another type than the text that it stood in. */
export function publishProperties(
  given: Readonly<Partial<Record<PropertyName, unknown>>>,
): Omit<PublishProperties, 'headers'> {
  const isNumeric = (name: PropertyName) =>
    name === 'delivery_mode' || name === 'priority' || name === 'timestamp';
  return Object.fromEntries(
    PROPERTIES.flatMap((name) => {
      const value = given[name];
      if (value === undefined) return [];
      return [[CLIENT_NAMES[name], isNumeric(name) ? Number(value) : textOf(value)]];
    }),
  );
}

function textOf(value: unknown): string {
  return isRecord(value) && !isNumber(value as never) ? JSON.stringify(value) : String(value);
}
