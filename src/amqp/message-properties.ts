// This file and raw-frames.ts stand in qbtc (src/amqp) and, as the same text, in the runtime (src/bus/amqp) of a stack.
import { isUtf8 } from 'node:buffer';

/** The properties of class `basic` in the order of their flags, from bit 15 downwards, named as amqplib names them. */
const KINDS = {
  contentType: 'text',
  contentEncoding: 'text',
  headers: 'table',
  deliveryMode: 'octet',
  priority: 'octet',
  correlationId: 'text',
  replyTo: 'text',
  expiration: 'text',
  messageId: 'text',
  timestamp: 'time',
  type: 'text',
  userId: 'text',
  appId: 'text',
  clusterId: 'text',
} as const;
type Name = keyof typeof KINDS;
const NAMES = Object.keys(KINDS) as Name[];

type OctetName = 'deliveryMode' | 'priority';
type TextName = Exclude<Name, OctetName | 'headers' | 'timestamp'>;

/** What a header can be given: a text, a whole number (64 bits), or whether. */
export type HeaderValue = string | number | bigint | boolean;

export type PropertyValues = { [name in TextName]?: string | undefined } & {
  [name in OctetName]?: number | undefined;
} & { timestamp?: number | bigint | undefined; headers?: Readonly<Record<string, HeaderValue>> | undefined };

/**
 * The properties of a message as the bytes that they came as. What is changed is changed beside the rest, which stays as
 * it is: every type of a header, every digit, texts that are no UTF-8, names that come twice.
 */
export class MessageProperties {
  static readonly NONE = new MessageProperties(Buffer.from([0, 0]));

  /** Flags, then each property whose flag is set: the content header of a message, without class and size. */
  readonly bytes: Buffer;
  #parts: ReadonlyMap<Name, Buffer> | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  static of(values: PropertyValues): MessageProperties {
    return MessageProperties.NONE.with(values);
  }

  text(name: TextName): string | undefined {
    return this.#part(name)?.toString('utf8', 1);
  }

  octet(name: OctetName): number | undefined {
    return this.#part(name)?.[0];
  }

  /** Seconds since 1970; before it they are negative. */
  get timestamp(): number | bigint | undefined {
    const part = this.#part('timestamp');
    return part === undefined ? undefined : exact(part.readBigInt64BE(0));
  }

  /**
   * The headers as JavaScript holds them: whole numbers beyond 2^53 are `bigint`, bytes and texts that are no UTF-8 are
   * buffers, so is what is nested deeper than anybody reads. `undefined` without headers.
   */
  get headers(): Record<string, unknown> | undefined {
    const table = this.#part('headers');
    return table === undefined ? undefined : record(fieldsOf(table), 0);
  }

  /** The same with other values of these properties; `undefined` takes one away. */
  with(values: PropertyValues): MessageProperties {
    const parts = new Map(this.#all());
    for (const name of NAMES) {
      if (!Object.hasOwn(values, name)) continue;
      const value = values[name];
      if (value === undefined) parts.delete(name);
      else parts.set(name, encoded(name, value));
    }
    return assembled(parts);
  }

  /** The same without the headers that `without` names, and with others set at the end. */
  withHeaders(
    set: Readonly<Record<string, HeaderValue>>,
    without: (name: string) => boolean = () => false,
  ): MessageProperties {
    const table = this.#part('headers');
    const kept = (table === undefined ? [] : fieldsOf(table)).filter(
      ({ name }) => !without(name) && !Object.hasOwn(set, name),
    );
    return assembled(
      new Map(this.#all()).set('headers', sized([...kept.map(({ bytes }) => bytes), ...headerFields(set)])),
    );
  }

  #part(name: Name): Buffer | undefined {
    if (this.#parts !== undefined) return this.#parts.get(name);
    // Most messages are asked for one or two: those before are passed over.
    const flags = this.bytes.readUInt16BE(0);
    let at = 2;
    for (let place = 0; place < NAMES.length; place += 1) {
      const each = NAMES[place] as Name;
      const end = isSet(flags, place) ? at + lengthOf(KINDS[each], this.bytes, at) : at;
      if (each === name) return end === at ? undefined : this.bytes.subarray(at, end);
      at = end;
    }
    return undefined;
  }

  #all(): ReadonlyMap<Name, Buffer> {
    if (this.#parts !== undefined) return this.#parts;
    const parts = new Map<Name, Buffer>();
    const flags = this.bytes.readUInt16BE(0);
    let at = 2;
    for (const [index, name] of NAMES.entries()) {
      if (!isSet(flags, index)) continue;
      const part = this.bytes.subarray(at, at + lengthOf(KINDS[name], this.bytes, at));
      parts.set(name, part);
      at += part.length;
    }
    this.#parts = parts;
    return parts;
  }
}

/** Whether the message has the property at this place of `NAMES`. */
function isSet(flags: number, place: number): boolean {
  return (flags & (1 << (15 - place))) !== 0;
}

function lengthOf(kind: (typeof KINDS)[Name], bytes: Buffer, at: number): number {
  if (kind === 'octet') return 1;
  if (kind === 'time') return 8;
  return kind === 'text' ? 1 + bytes.readUInt8(at) : 4 + bytes.readUInt32BE(at);
}

function assembled(parts: ReadonlyMap<Name, Buffer>): MessageProperties {
  const flags = Buffer.alloc(2);
  flags.writeUInt16BE(NAMES.reduce((sum, name, index) => sum | (parts.has(name) ? 1 << (15 - index) : 0), 0));
  return new MessageProperties(Buffer.concat([flags, ...NAMES.flatMap((name) => parts.get(name) ?? [])]));
}

function encoded(name: Name, value: NonNullable<PropertyValues[Name]>): Buffer {
  if (typeof value === 'object') return sized(headerFields(value));
  if (KINDS[name] === 'time') return int64(BigInt(value));
  return typeof value === 'string' ? shortText(value) : Buffer.from([Number(value)]);
}

/** A field of a table: its name, the tag of its type, the bytes of its value, and all of that as it came. */
interface Field {
  name: string;
  tag: string;
  value: Buffer;
  bytes: Buffer;
}

/** Bytes of the values of fixed size, by the tag of their type (https://www.rabbitmq.com/amqp-0-9-1-errata#section_3). */
const FIXED: Readonly<Record<string, number>> = {
  ...{ t: 1, b: 1, B: 1, s: 2, u: 2, I: 4, i: 4, l: 8, L: 8, f: 4, d: 8, D: 5, T: 8, V: 0 },
};
const SIZED = 'SxFA';

/** The value at this place, with its tag in front. */
function valueAt(bytes: Buffer, at: number): { tag: string; value: Buffer; end: number } {
  const tag = String.fromCharCode(bytes.readUInt8(at));
  const fixed = FIXED[tag];
  if (fixed === undefined && !SIZED.includes(tag)) throw new TypeError(`unknown type of a header: '${tag}'`);
  const start = at + 1 + (fixed === undefined ? 4 : 0);
  const end = start + (fixed ?? bytes.readUInt32BE(at + 1));
  if (end > bytes.length) throw new RangeError('a header passes the end of its table');
  return { tag, value: bytes.subarray(start, end), end };
}

/** The fields of a table whose length stands in front. */
function fieldsOf(table: Buffer): Field[] {
  const fields: Field[] = [];
  for (let at = 4; at < table.length; ) {
    const key = at + 1 + table.readUInt8(at);
    const { tag, value, end } = valueAt(table, key);
    fields.push({ name: table.toString('utf8', at + 1, key), tag, value, bytes: table.subarray(at, end) });
    at = end;
  }
  return fields;
}

/** Deeper tables are given as their bytes: nobody reads them, and each level costs stack. */
const DEEPEST = 64;

function record(fields: readonly Field[], depth: number): Record<string, unknown> {
  // `fromEntries` makes a field even of `__proto__`.
  return Object.fromEntries(fields.map(({ name, tag, value }) => [name, decoded(tag, value, depth)]));
}

function decoded(tag: string, value: Buffer, depth: number): unknown {
  switch (tag) {
    case 't':
      return value.readUInt8(0) !== 0;
    case 'b':
      return value.readInt8(0);
    case 'B':
      return value.readUInt8(0);
    case 's':
      return value.readInt16BE(0);
    case 'u':
      return value.readUInt16BE(0);
    case 'I':
      return value.readInt32BE(0);
    case 'i':
      return value.readUInt32BE(0);
    case 'l':
    case 'L':
    case 'T':
      return exact(value.readBigInt64BE(0));
    case 'f':
      return value.readFloatBE(0);
    case 'd':
      return value.readDoubleBE(0);
    case 'D':
      return Number(`${value.readUInt32BE(1)}e-${value.readUInt8(0)}`);
    case 'V':
      return null;
    case 'S':
      return isUtf8(value) ? value.toString('utf8') : Buffer.from(value);
    case 'F':
      return depth < DEEPEST ? record(fieldsOf(sized([value])), depth + 1) : Buffer.from(value);
    case 'A':
      return depth < DEEPEST ? items(value, depth + 1) : Buffer.from(value);
    default:
      return Buffer.from(value);
  }
}

function items(array: Buffer, depth: number): unknown[] {
  const values: unknown[] = [];
  for (let at = 0; at < array.length; ) {
    const { tag, value, end } = valueAt(array, at);
    values.push(decoded(tag, value, depth));
    at = end;
  }
  return values;
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function headerFields(values: Readonly<Record<string, HeaderValue>>): Buffer[] {
  return Object.entries(values).map(([name, value]) => Buffer.concat([shortText(name), headerValue(value)]));
}

function headerValue(value: HeaderValue): Buffer {
  if (typeof value === 'string') return Buffer.concat([Buffer.from('S'), sized([Buffer.from(value)])]);
  if (typeof value === 'boolean') return Buffer.from([0x74, Number(value)]);
  return Buffer.concat([Buffer.from('l'), int64(BigInt(value))]);
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

/** The parts with their length in front. */
function sized(parts: readonly Buffer[]): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([length, ...parts]);
}

function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 255) throw new RangeError(`a text of ${bytes.length} bytes where AMQP takes 255`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
