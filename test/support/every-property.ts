import { MessageProperties } from '../../src/amqp/message-properties.ts';
import { type Properties, writeProperties } from '../../src/embedded/broker/codec/properties.ts';
import type { Field } from '../../src/embedded/broker/codec/table.ts';

/**
 * Each of the 15 types of RabbitMQ's table (https://www.rabbitmq.com/amqp-0-9-1-errata#section_3) with the values that a
 * client which decodes and encodes anew changes.
 */
const FIELDS: Readonly<Record<string, Field>> = {
  t: { type: 'bool', value: true },
  b: { type: 'byte', value: -128 },
  B: { type: 'unsignedbyte', value: 255 },
  s: { type: 'short', value: 1 },
  u: { type: 'unsignedshort', value: 65_535 },
  I: { type: 'signedint', value: 7 },
  i: { type: 'unsignedint', value: 4_294_967_295 },
  l: { type: 'long', value: 9_007_199_254_740_993n },
  'l, least': { type: 'long', value: -(2n ** 63n) },
  f: { type: 'float', value: 0.5 },
  d: { type: 'double', value: 5 },
  'd, below 0': { type: 'double', value: -0 },
  D: { type: 'decimal', value: { places: 2, digits: 4_294_967_295 } },
  S: { type: 'longstr', value: 'ü' },
  'S, no UTF-8': { type: 'longstr', value: Buffer.from([0xff, 0xfe, 0x00]) },
  A: {
    type: 'array',
    value: [
      { type: 'double', value: 3 },
      { type: 'table', value: new Map([['x', { type: 'binary', value: Buffer.from([0, 255]) }]]) },
    ],
  },
  T: { type: 'timestamp', value: 1_700_000_000n },
  'T, before 1970': { type: 'timestamp', value: 2n ** 64n - 86_400n },
  F: { type: 'table', value: new Map<string, Field>([['l', { type: 'long', value: 2n ** 62n + 1n }]]) },
  V: { type: 'void', value: null },
  x: { type: 'binary', value: Buffer.from([0xc3, 0x28]) },
  __proto: { type: 'bool', value: false },
};

/** Properties with every type of header, and all that a broker passes on unread. */
export function everyProperty(
  more: Properties = {},
  headers: Readonly<Record<string, Field>> = {},
): MessageProperties {
  return new MessageProperties(
    writeProperties({
      content_type: 'application/cloudevents+json',
      content_encoding: 'utf-8',
      headers: new Map(Object.entries({ ...FIELDS, ...headers })),
      correlation_id: 'c',
      message_id: 'm',
      timestamp: 2n ** 64n - 1n,
      type: 't',
      app_id: 'a',
      cluster_id: 'x',
      ...more,
    }),
  );
}
