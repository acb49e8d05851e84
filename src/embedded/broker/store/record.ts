import { messageOf } from '../../../errors.ts';
import { Reader } from '../codec/reader.ts';
import { readTable, type Table, writeTable } from '../codec/table.ts';
import { Writer } from '../codec/writer.ts';

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

/** What a message is made of. Whether a `Message` can be made of it shows when its queue is restored. */
export interface StoredMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly address: Buffer;
  readonly properties: Buffer;
  readonly body: Buffer;
}

export interface MessageRecord {
  kind: 'message';
  queue: string;
  position: number;
  /** By `Date.now()`; `Infinity` when it does not expire. */
  expiresAt: number;
  /** How often consumers were given it. Classic queues count no further than one. */
  deliveries: number;
  message: StoredMessage;
}

/** The first record of a file: which one it is, and what it stands on. Files of earlier versions have none. */
export interface BeginRecord {
  kind: 'begin';
  file: 'snapshot' | 'journal';
  number: number;
  /**
   * What has to be read before it: nothing; the journal with the number before, up to `previousBytes`; or the snapshot
   * of its own number, without which it says nothing, because changes before it are missing.
   */
  basis: 'nothing' | 'previous' | 'snapshot';
  previousBytes: number;
}

/** The last record of a snapshot. */
export interface EndRecord {
  kind: 'end';
  /** How many stand before it. */
  records: number;
}

/** One change of what survives. Each says how things stand after it, never by how much they changed. */
export type StoredRecord =
  | ExchangeRecord
  | QueueRecord
  | BindingRecord
  | MessageRecord
  | { kind: 'exchange-gone' | 'queue-gone'; name: string }
  | { kind: 'delivered'; queue: string; position: number; deliveries: number }
  | { kind: 'message-gone'; queue: string; position: number }
  /** From here on there is a file of definitions beside the journals. */
  | { kind: 'definitions-kept' };

/** Everything that stands in a file of the store. */
export type FileRecord = StoredRecord | BeginRecord | EndRecord;

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
  begin: 10,
  end: 11,
  'definitions-kept': 12,
} as const satisfies Record<FileRecord['kind'], number>;

const KINDS = new Map<number, FileRecord['kind']>(
  Object.entries(CODES).map(([kind, code]) => [code, kind as FileRecord['kind']]),
);

const FILES = ['snapshot', 'journal'] as const;
const BASES = ['nothing', 'previous', 'snapshot'] as const;

/** Why a record that is whole cannot be understood. */
export type RecordFault =
  /** It was written by a later version. */
  | { fault: 'unknown-kind'; code: number }
  /** Its bytes are not those of its kind. */
  | { fault: 'malformed'; of: FileRecord['kind']; reason: string }
  /** It shares its content with the message before it, and that one is damaged. */
  | { fault: 'content-lost' };

/** The bytes of one record: a view that the next call overwrites, and the body of a message, which is not copied. */
export interface EncodedRecord {
  head: Buffer;
  body: Buffer | undefined;
}

/** Encodes the records of one file, in order. A message that goes into several queues at once is written once. */
export class RecordEncoder {
  private readonly writer = new Writer();
  private lastMessage: StoredMessage | undefined;

  encode(record: FileRecord): EncodedRecord {
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
      case 'begin':
        writer.octet(FILES.indexOf(record.file));
        writer.long(record.number);
        writer.octet(BASES.indexOf(record.basis));
        writer.longlong(record.previousBytes);
        break;
      case 'end':
        writer.longlong(record.records);
        break;
      case 'definitions-kept':
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
  /** What stands before the body of a message, at most, as far as `mayBegin` looks. */
  static readonly MOST_BYTES_BEFORE_BODY = 280;
  private lastMessage: StoredMessage | undefined;

  /** Whether a record may begin like this. Nearly all bytes that are none are told by it. */
  static mayBegin(bytes: Buffer): boolean {
    const kind = KINDS.get(bytes[0] ?? 0);
    if (kind === undefined) return false;
    if (kind === 'begin' || kind === 'end' || kind === 'definitions-kept') return bytes.length < 32;
    try {
      const reader = new Reader(bytes, 1);
      reader.shortstr();
      if (kind !== 'message') return true;
      reader.skip(8 + 8 + 4);
      return reader.octet() <= 1;
    } catch {
      return false;
    }
  }

  /** Bytes before the next record were none: what it would refer to is not known. */
  forget(): void {
    this.lastMessage = undefined;
  }

  decode(bytes: Buffer): FileRecord | RecordFault {
    const code = bytes[0] ?? 0;
    const kind = KINDS.get(code);
    if (kind === undefined) return { fault: 'unknown-kind', code };
    try {
      return this.read(kind, new Reader(bytes, 1)) ?? { fault: 'content-lost' };
    } catch (error) {
      if (kind === 'message') this.forget();
      return { fault: 'malformed', of: kind, reason: messageOf(error) };
    }
  }

  /** `undefined` for a message whose content is not known. */
  private read(kind: FileRecord['kind'], reader: Reader): FileRecord | undefined {
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
      case 'message': {
        const [queue, position] = [reader.shortstr(), reader.longlong()];
        const [expiresAt, deliveries] = [reader.double(), reader.long()];
        const message = this.message(reader);
        return message === undefined ? undefined : { kind, queue, position, expiresAt, deliveries, message };
      }
      case 'delivered':
        return {
          kind,
          queue: reader.shortstr(),
          position: reader.longlong(),
          deliveries: reader.long(),
        };
      case 'message-gone':
        return { kind, queue: reader.shortstr(), position: reader.longlong() };
      case 'begin': {
        const [file, number, basis] = [FILES[reader.octet()], reader.long(), BASES[reader.octet()]];
        if (file === undefined || basis === undefined) throw new TypeError('unknown kind of file');
        return { kind, file, number, basis, previousBytes: reader.longlong() };
      }
      case 'end':
        return { kind, records: reader.longlong() };
      case 'definitions-kept':
        return { kind };
    }
  }

  private message(reader: Reader): StoredMessage | undefined {
    const isSame = reader.octet() !== 0;
    if (isSame) return this.lastMessage;
    const from = reader.offset;
    const [exchange, routingKey] = [reader.shortstr(), reader.shortstr()];
    const address = Buffer.from(reader.buffer.subarray(from, reader.offset));
    const properties = Buffer.from(reader.longstr());
    const body = Buffer.from(reader.bytes(reader.remaining));
    this.lastMessage = { exchange, routingKey, address, properties, body };
    return this.lastMessage;
  }
}
