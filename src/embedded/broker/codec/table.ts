import { isUtf8 } from 'node:buffer';
import { AmqpError } from '../errors.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/**
 * A value of a field table, with its type as RabbitMQ names it: the types take part in equivalence checks
 * and error texts, and a message that is dead-lettered must leave with the types that it came with.
 */
export type Field =
  | { type: 'longstr'; value: string | Buffer }
  | { type: 'byte' | 'unsignedbyte' | 'short' | 'unsignedshort' | 'signedint' | 'unsignedint'; value: number }
  | { type: 'float' | 'double'; value: number }
  | { type: 'long' | 'timestamp'; value: bigint }
  | { type: 'decimal'; value: { places: number; digits: number } }
  | { type: 'bool'; value: boolean }
  | { type: 'table'; value: Table }
  | { type: 'array'; value: Field[] }
  | { type: 'binary'; value: Buffer }
  | { type: 'void'; value: null };

export type FieldType = Field['type'];

/** A field table; the order of the fields is kept. */
export type Table = Map<string, Field>;

/** Deeper tables are refused: nobody needs them, and each level costs stack. */
const DEEPEST = 64;

/**
 * Reads a table with its length in front. The type tags are those that RabbitMQ uses, not the specification's
 * (https://www.rabbitmq.com/amqp-0-9-1-errata.html#section_3).
 */
export function readTable(reader: Reader, depth = 0): Table {
  if (depth > DEEPEST) throw new AmqpError('SYNTAX_ERROR', 'tables are nested too deeply');
  const bytes = reader.longstr();
  const fields = new Reader(bytes);
  const table: Table = new Map();
  while (fields.remaining > 0) {
    const key = fields.octetText();
    table.set(key, readField(fields, depth));
  }
  return table;
}

function readField(reader: Reader, depth: number): Field {
  const tag = String.fromCharCode(reader.octet());
  switch (tag) {
    case 'S': {
      const bytes = reader.longstr();
      return { type: 'longstr', value: isUtf8(bytes) ? bytes.toString('utf8') : Buffer.from(bytes) };
    }
    case 'b':
      return { type: 'byte', value: reader.int8() };
    case 'B':
      return { type: 'unsignedbyte', value: reader.octet() };
    case 's':
      return { type: 'short', value: reader.int16() };
    case 'u':
      return { type: 'unsignedshort', value: reader.short() };
    case 'I':
      return { type: 'signedint', value: reader.int32() };
    case 'i':
      return { type: 'unsignedint', value: reader.long() };
    case 'l':
    case 'L':
      return { type: 'long', value: reader.int64() };
    case 'T':
      return { type: 'timestamp', value: reader.uint64() };
    case 'f':
      return { type: 'float', value: reader.float() };
    case 'd':
      return { type: 'double', value: reader.double() };
    case 'D':
      return { type: 'decimal', value: { places: reader.octet(), digits: reader.long() } };
    case 't':
      return { type: 'bool', value: reader.octet() !== 0 };
    case 'F':
      return { type: 'table', value: readTable(reader, depth + 1) };
    case 'A': {
      if (depth >= DEEPEST) throw new AmqpError('SYNTAX_ERROR', 'arrays are nested too deeply');
      const items = new Reader(reader.longstr());
      const values: Field[] = [];
      while (items.remaining > 0) values.push(readField(items, depth + 1));
      return { type: 'array', value: values };
    }
    case 'x':
      return { type: 'binary', value: Buffer.from(reader.longstr()) };
    case 'V':
      return { type: 'void', value: null };
    default:
      throw new AmqpError('SYNTAX_ERROR', `unknown field type '${tag}'`);
  }
}

/** Moves past a table and checks its structure, without building it: what is passed on must be readable. */
export function skipTable(reader: Reader, depth = 0): void {
  if (depth > DEEPEST) throw new AmqpError('SYNTAX_ERROR', 'tables are nested too deeply');
  skipNested(reader, () => {
    reader.skip(reader.octet());
    skipField(reader, depth);
  });
}

/** Runs `item` until the nested value, whose length stands in front, is used up exactly. */
function skipNested(reader: Reader, item: () => void): void {
  const length = reader.long();
  const outer = reader.end;
  if (length > reader.remaining) throw new AmqpError('SYNTAX_ERROR', 'a field passes the end of its frame');
  reader.end = reader.offset + length;
  while (reader.remaining > 0) item();
  reader.end = outer;
}

/** Bytes of the fields of fixed size, by their tag. */
const FIXED_BYTES = new Map(
  Object.entries({ b: 1, B: 1, t: 1, s: 2, u: 2, I: 4, i: 4, f: 4, D: 5, l: 8, L: 8, d: 8, T: 8, V: 0 }).map(
    ([tag, bytes]) => [tag.charCodeAt(0), bytes],
  ),
);

function skipField(reader: Reader, depth: number): void {
  const tag = reader.octet();
  const bytes = FIXED_BYTES.get(tag);
  if (bytes !== undefined) reader.skip(bytes);
  else if (tag === 0x53 || tag === 0x78) reader.skip(reader.long());
  else if (tag === 0x46) skipTable(reader, depth + 1);
  else if (tag === 0x41) {
    if (depth >= DEEPEST) throw new AmqpError('SYNTAX_ERROR', 'arrays are nested too deeply');
    skipNested(reader, () => skipField(reader, depth + 1));
  } else throw new AmqpError('SYNTAX_ERROR', `unknown field type '${String.fromCharCode(tag)}'`);
}

/** Writes a table with its length in front. */
export function writeTable(writer: Writer, table: Table): void {
  writer.sized(() => {
    for (const [key, field] of table) {
      writer.octetText(key);
      writeField(writer, field);
    }
  });
}

function writeField(writer: Writer, field: Field): void {
  switch (field.type) {
    case 'longstr':
      writer.octet(0x53);
      writer.longstr(field.value);
      break;
    case 'byte':
      writer.octet(0x62);
      writer.int8(field.value);
      break;
    case 'unsignedbyte':
      writer.octet(0x42);
      writer.octet(field.value);
      break;
    case 'short':
      writer.octet(0x73);
      writer.int16(field.value);
      break;
    case 'unsignedshort':
      writer.octet(0x75);
      writer.short(field.value);
      break;
    case 'signedint':
      writer.octet(0x49);
      writer.int32(field.value);
      break;
    case 'unsignedint':
      writer.octet(0x69);
      writer.long(field.value);
      break;
    case 'long':
      writer.octet(0x6c);
      writer.int64(field.value);
      break;
    case 'timestamp':
      writer.octet(0x54);
      writer.uint64(field.value);
      break;
    case 'float':
      writer.octet(0x66);
      writer.float(field.value);
      break;
    case 'double':
      writer.octet(0x64);
      writer.double(field.value);
      break;
    case 'decimal':
      writer.octet(0x44);
      writer.octet(field.value.places);
      writer.long(field.value.digits);
      break;
    case 'bool':
      writer.octet(0x74);
      writer.octet(field.value ? 1 : 0);
      break;
    case 'table':
      writer.octet(0x46);
      writeTable(writer, field.value);
      break;
    case 'array':
      writer.octet(0x41);
      writer.sized(() => {
        for (const item of field.value) writeField(writer, item);
      });
      break;
    case 'binary':
      writer.octet(0x78);
      writer.longstr(field.value);
      break;
    case 'void':
      writer.octet(0x56);
      break;
  }
}

/** The table with its keys in ascending order, as RabbitMQ keeps arguments of bindings. */
export function sorted(table: Table): Table {
  return new Map([...table].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** The bytes of a table, for comparing and hashing. */
export function tableBytes(table: Table): Buffer {
  const writer = new Writer();
  writeTable(writer, table);
  return writer.copy();
}

/** Shorthands for building tables. */
export const longstr = (value: string): Field => ({ type: 'longstr', value });
export const long = (value: number): Field => ({ type: 'long', value: BigInt(value) });
export const bool = (value: boolean): Field => ({ type: 'bool', value });
export const table = (entries: Record<string, Field>): Field => ({
  type: 'table',
  value: new Map(Object.entries(entries)),
});
