import { Reader } from '../codec/reader.ts';
import { readTable, type Table, writeTable } from '../codec/table.ts';
import { Writer } from '../codec/writer.ts';
import { Message } from '../message.ts';

export interface ExchangeRecord {
  kind: 'exchange';
  name: string;
  type: string;
  autoDelete: boolean;
  internal: boolean;
  arguments: Table;
}

export interface QueueRecord {
  kind: 'queue';
  name: string;
  autoDelete: boolean;
  arguments: Table;
}

export interface BindingRecord {
  kind: 'binding' | 'binding-gone';
  source: string;
  destination: { kind: 'queue' | 'exchange'; name: string };
  routingKey: string;
  arguments: Table;
}

export interface MessageRecord {
  kind: 'message';
  queue: string;
  position: number;
  /** By `Date.now()`; `Infinity` when it does not expire. */
  expiresAt: number;
  /** How often consumers were given it. Classic queues count no further than one. */
  deliveries: number;
  message: Message;
}

/** One change of what survives. Each says how things stand after it, never by how much they changed. */
export type StoredRecord =
  | ExchangeRecord
  | QueueRecord
  | BindingRecord
  | MessageRecord
  | { kind: 'exchange-gone' | 'queue-gone'; name: string }
  | { kind: 'delivered'; queue: string; position: number; deliveries: number }
  | { kind: 'message-gone'; queue: string; position: number };

/** The first byte of a record. Numbers are never given a second meaning: old logs must stay readable. */
const CODES = {
  exchange: 1,
  'exchange-gone': 2,
  queue: 3,
  'queue-gone': 4,
  binding: 5,
  'binding-gone': 6,
  message: 7,
  delivered: 8,
  'message-gone': 9,
} as const satisfies Record<StoredRecord['kind'], number>;

const KINDS = new Map<number, StoredRecord['kind']>(
  Object.entries(CODES).map(([kind, code]) => [code, kind as StoredRecord['kind']]),
);

/** The bytes of one record: a view that the next call overwrites, and the body of a message, which is not copied. */
export interface EncodedRecord {
  head: Buffer;
  body: Buffer | undefined;
}

/** Encodes the records of one file, in order. A message that goes into several queues at once is written once. */
export class RecordEncoder {
  private readonly writer = new Writer();
  private lastMessage: Message | undefined;

  encode(record: StoredRecord): EncodedRecord {
    const writer = this.writer;
    writer.clear();
    writer.octet(CODES[record.kind]);
    let body: Buffer | undefined;
    switch (record.kind) {
      case 'exchange':
        writer.shortstr(record.name);
        writer.shortstr(record.type);
        writer.octet(Number(record.autoDelete) | (Number(record.internal) << 1));
        writeTable(writer, record.arguments);
        break;
      case 'queue':
        writer.shortstr(record.name);
        writer.octet(Number(record.autoDelete));
        writeTable(writer, record.arguments);
        break;
      case 'exchange-gone':
      case 'queue-gone':
        writer.shortstr(record.name);
        break;
      case 'binding':
      case 'binding-gone':
        writer.shortstr(record.source);
        writer.octet(Number(record.destination.kind === 'exchange'));
        writer.shortstr(record.destination.name);
        writer.shortstr(record.routingKey);
        writeTable(writer, record.arguments);
        break;
      case 'message':
        body = this.message(record);
        break;
      case 'delivered':
        writer.shortstr(record.queue);
        writer.longlong(record.position);
        writer.long(record.deliveries);
        break;
      case 'message-gone':
        writer.shortstr(record.queue);
        writer.longlong(record.position);
        break;
    }
    return { head: writer.view(), body };
  }

  private message(record: MessageRecord): Buffer | undefined {
    const { writer } = this;
    const { message } = record;
    const isSame = message === this.lastMessage;
    writer.shortstr(record.queue);
    writer.longlong(record.position);
    writer.double(record.expiresAt);
    writer.long(record.deliveries);
    writer.octet(Number(isSame));
    if (isSame) return undefined;
    this.lastMessage = message;
    writer.bytes(message.address);
    writer.longstr(message.properties);
    return message.body;
  }
}

/** Decodes the records of one file, in order. What it gives holds no part of the buffers that it was given. */
export class RecordDecoder {
  private lastMessage: Message | undefined;

  /** Throws when the bytes are no record: they were written by a later version. */
  decode(bytes: Buffer): StoredRecord {
    const reader = new Reader(bytes);
    const kind = KINDS.get(reader.octet());
    switch (kind) {
      case 'exchange': {
        const [name, type, bits] = [reader.shortstr(), reader.shortstr(), reader.octet()];
        const [autoDelete, internal] = [(bits & 1) !== 0, (bits & 2) !== 0];
        return { kind, name, type, autoDelete, internal, arguments: readTable(reader) };
      }
      case 'queue':
        return {
          kind,
          name: reader.shortstr(),
          autoDelete: reader.octet() !== 0,
          arguments: readTable(reader),
        };
      case 'exchange-gone':
      case 'queue-gone':
        return { kind, name: reader.shortstr() };
      case 'binding':
      case 'binding-gone':
        return {
          kind,
          source: reader.shortstr(),
          destination: { kind: reader.octet() === 0 ? 'queue' : 'exchange', name: reader.shortstr() },
          routingKey: reader.shortstr(),
          arguments: readTable(reader),
        };
      case 'message':
        return {
          kind,
          queue: reader.shortstr(),
          position: reader.longlong(),
          expiresAt: reader.double(),
          deliveries: reader.long(),
          message: this.message(reader),
        };
      case 'delivered':
        return {
          kind,
          queue: reader.shortstr(),
          position: reader.longlong(),
          deliveries: reader.long(),
        };
      case 'message-gone':
        return { kind, queue: reader.shortstr(), position: reader.longlong() };
      case undefined:
        throw new TypeError(`unknown kind of record ${bytes[0]}`);
    }
  }

  private message(reader: Reader): Message {
    const isSame = reader.octet() !== 0;
    if (isSame && this.lastMessage !== undefined) return this.lastMessage;
    const from = reader.offset;
    const [exchange, routingKey] = [reader.shortstr(), reader.shortstr()];
    const address = Buffer.from(reader.buffer.subarray(from, reader.offset));
    const properties = Buffer.from(reader.longstr());
    const body = Buffer.from(reader.bytes(reader.remaining));
    this.lastMessage = new Message(exchange, routingKey, address, properties, body);
    return this.lastMessage;
  }
}
