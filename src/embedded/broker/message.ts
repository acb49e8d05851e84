import { type Properties, readProperties, summarize, writeProperties } from './codec/properties.ts';
import { Reader } from './codec/reader.ts';
import { type Field, readTable, type Table } from './codec/table.ts';
import { Writer } from './codec/writer.ts';
import { AmqpError } from './errors.ts';
import type { StoredMessage } from './store/record.ts';

const NO_TABLE: Table = new Map();
/** Ten years: RabbitMQ takes no longer expiry. */
export const LONGEST_EXPIRY_MS = 315_360_000_000;
/** RabbitMQ's own bound on the size of a message. */
export const LARGEST_MESSAGE_BYTES = 134_217_728;

/**
 * A message as it was published. It keeps the encoded properties and never decodes what nobody asks for:
 * most messages are routed by their key alone and leave as they came.
 */
export class Message {
  readonly exchange: string;
  readonly routingKey: string;
  /** Exchange and routing key as two short strings, as they stand in `basic.deliver`. */
  readonly address: Buffer;
  /** The encoded property list. */
  readonly properties: Buffer;
  readonly body: Buffer;
  readonly persistent: boolean;
  readonly priority: number;
  /** The message's own time to live in milliseconds. */
  readonly expiration: number | undefined;
  readonly replyTo: string | undefined;
  readonly userId: string | undefined;
  private readonly encodedHeaders: Buffer | undefined;
  private decodedHeaders: Table | undefined;

  constructor(exchange: string, routingKey: string, address: Buffer, properties: Buffer, body: Buffer) {
    this.exchange = exchange;
    this.routingKey = routingKey;
    this.address = address;
    this.properties = properties;
    this.body = body;
    const summary = summarize(properties);
    this.persistent = summary.persistent;
    this.priority = summary.priority;
    this.expiration = parseExpiration(summary.expiration);
    this.replyTo = summary.replyTo;
    this.userId = summary.userId;
    this.encodedHeaders = summary.headers;
  }

  /**
   * The message that was stored as this; of what went into several queues there is one. Throws when its properties
   * cannot be read.
   */
  static stored(stored: StoredMessage): Message {
    if (stored instanceof Message) return stored;
    const known = RESTORED.get(stored);
    if (known !== undefined) return known;
    const { exchange, routingKey, address, properties, body } = stored;
    const message = new Message(exchange, routingKey, address, properties, body);
    RESTORED.set(stored, message);
    return message;
  }

  /** A message that is made here: dead letters, and what the management API publishes. */
  static of(exchange: string, routingKey: string, properties: Properties, body: Buffer): Message {
    return new Message(
      exchange,
      routingKey,
      addressOf(exchange, routingKey),
      writeProperties(properties),
      body,
    );
  }

  /** The same content with other properties. */
  withProperties(change: (properties: Properties) => Properties): Message {
    const properties = writeProperties(change(readProperties(this.properties)));
    return new Message(this.exchange, this.routingKey, this.address, properties, this.body);
  }

  decodeProperties(): Properties {
    return readProperties(this.properties);
  }

  get headers(): Table {
    if (this.encodedHeaders === undefined) return NO_TABLE;
    this.decodedHeaders ??= readTable(new Reader(this.encodedHeaders));
    return this.decodedHeaders;
  }

  /**
   * The keys it is routed by: its own, and those in the headers `CC` and `BCC`
   * (https://www.rabbitmq.com/docs/sender-selected). `undefined` when there is only its own.
   */
  get extraRoutingKeys(): string[] | undefined {
    const encoded = this.encodedHeaders;
    // Looking for the encoded key spares nearly every message the decoding of its headers.
    if (encoded === undefined || !(encoded.includes(CC_KEY) || encoded.includes(BCC_KEY))) return undefined;
    const keys = [...routesIn(this.headers, 'CC'), ...routesIn(this.headers, 'BCC')];
    return keys.length === 0 ? undefined : keys;
  }
}

const RESTORED = new WeakMap<StoredMessage, Message>();
const CC_KEY = Buffer.from('\x02CCA', 'latin1');
const BCC_KEY = Buffer.from('\x03BCCA', 'latin1');

/** The routing keys in the header `CC` or `BCC`. */
export function routesIn(headers: Table, name: 'CC' | 'BCC'): string[] {
  const field = headers.get(name);
  if (field?.type !== 'array') return [];
  return field.value.filter(isText).map((item) => item.value);
}

function isText(field: Field): field is { type: 'longstr'; value: string } {
  return field.type === 'longstr' && typeof field.value === 'string';
}

export function addressOf(exchange: string, routingKey: string): Buffer {
  const writer = new Writer();
  writer.shortstr(exchange);
  writer.shortstr(routingKey);
  return writer.copy();
}

function parseExpiration(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, rest] = /^([+-]?\d+)?([\s\S]*)$/.exec(text) ?? [];
  const fault = (reason: string) =>
    new AmqpError('PRECONDITION_FAILED', `invalid expiration '${text}': ${reason}`);
  if (digits === undefined) throw fault('no_integer');
  if (rest !== undefined && rest !== '') throw fault(`{leftover_string,"${rest}"}`);
  const value = Number(digits);
  if (value < 0) throw fault(`{value_negative,${value}}`);
  if (value > LONGEST_EXPIRY_MS) throw fault(`{value_too_large,${value}}`);
  return value;
}
