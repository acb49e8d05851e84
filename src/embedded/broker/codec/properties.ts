import { AmqpError } from '../errors.ts';
import { Reader } from './reader.ts';
import { readTable, skipTable, type Table, writeTable } from './table.ts';
import { Writer } from './writer.ts';

/** The properties of a message, class `basic`. Names are those of the protocol. */
export interface Properties {
  content_type?: string;
  content_encoding?: string;
  headers?: Table;
  delivery_mode?: number;
  priority?: number;
  correlation_id?: string;
  reply_to?: string;
  expiration?: string;
  message_id?: string;
  timestamp?: bigint;
  type?: string;
  user_id?: string;
  app_id?: string;
  cluster_id?: string;
}

/** The properties in the order of their flags, from bit 15 downwards. */
const ORDER = [
  ['content_type', 'octetText'],
  ['content_encoding', 'octetText'],
  ['headers', 'table'],
  ['delivery_mode', 'octet'],
  ['priority', 'octet'],
  ['correlation_id', 'octetText'],
  ['reply_to', 'octetText'],
  ['expiration', 'octetText'],
  ['message_id', 'octetText'],
  ['timestamp', 'uint64'],
  ['type', 'octetText'],
  ['user_id', 'octetText'],
  ['app_id', 'octetText'],
  ['cluster_id', 'octetText'],
] as const satisfies readonly (readonly [keyof Properties, string])[];

/** The lowest flag says that another word of flags follows; class `basic` never needs one. */
const MORE_FLAGS = 1;

/** Reads a property list: flags, then the properties whose flags are set. */
export function readProperties(bytes: Buffer): Properties {
  const reader = new Reader(bytes);
  const flags = reader.short();
  if ((flags & MORE_FLAGS) !== 0) throw new AmqpError('SYNTAX_ERROR', 'unknown property flags');
  const properties: Record<string, unknown> = {};
  ORDER.forEach(([name, kind], index) => {
    if ((flags & (1 << (15 - index))) === 0) return;
    properties[name] = kind === 'table' ? readTable(reader) : reader[kind]();
  });
  if (reader.remaining > 0) throw new AmqpError('SYNTAX_ERROR', 'a property list has more bytes than flags');
  return properties as Properties;
}

/** Writes a property list; gives it in a buffer of its own. */
export function writeProperties(properties: Properties): Buffer {
  const writer = new Writer();
  let flags = 0;
  ORDER.forEach(([name], index) => {
    if (properties[name] !== undefined) flags |= 1 << (15 - index);
  });
  writer.short(flags);
  for (const [name, kind] of ORDER) {
    const value = properties[name];
    if (value === undefined) continue;
    if (kind === 'table') writeTable(writer, value as Table);
    else if (kind === 'octetText') writer.octetText(value as string);
    else if (kind === 'uint64') writer.uint64(value as bigint);
    else writer.octet(value as number);
  }
  return writer.copy();
}

/** What the broker must know of every message that is published, read without decoding the rest. */
export interface PropertySummary {
  persistent: boolean;
  priority: number;
  expiration: string | undefined;
  replyTo: string | undefined;
  userId: string | undefined;
  /** The encoded headers with their length in front, as a view; `undefined` without headers. */
  headers: Buffer | undefined;
}

/** Walks a property list once and checks its structure. */
export function summarize(bytes: Buffer): PropertySummary {
  const reader = new Reader(bytes);
  const flags = reader.short();
  if ((flags & MORE_FLAGS) !== 0) throw new AmqpError('SYNTAX_ERROR', 'unknown property flags');
  const summary: PropertySummary = {
    persistent: false,
    priority: 0,
    expiration: undefined,
    replyTo: undefined,
    userId: undefined,
    headers: undefined,
  };
  if (flags & 0x8000) reader.skip(reader.octet());
  if (flags & 0x4000) reader.skip(reader.octet());
  if (flags & 0x2000) {
    const start = reader.offset;
    skipTable(reader);
    summary.headers = bytes.subarray(start, reader.offset);
  }
  if (flags & 0x1000) summary.persistent = reader.octet() === 2;
  if (flags & 0x0800) summary.priority = reader.octet();
  if (flags & 0x0400) reader.skip(reader.octet());
  if (flags & 0x0200) summary.replyTo = reader.octetText();
  if (flags & 0x0100) summary.expiration = reader.octetText();
  if (flags & 0x0080) reader.skip(reader.octet());
  if (flags & 0x0040) reader.skip(8);
  if (flags & 0x0020) reader.skip(reader.octet());
  if (flags & 0x0010) summary.userId = reader.octetText();
  if (flags & 0x0008) reader.skip(reader.octet());
  if (flags & 0x0004) reader.skip(reader.octet());
  if (reader.remaining > 0) throw new AmqpError('SYNTAX_ERROR', 'a property list has more bytes than flags');
  return summary;
}
