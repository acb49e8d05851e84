import { AmqpError } from '../errors.ts';
import { decodeOctets } from './octet-text.ts';

/**
 * Reads the primitive types of AMQP 0-9-1 from a window of a buffer.
 * Every read stays inside the window: a field that would pass its end is a SYNTAX_ERROR.
 */
export class Reader {
  buffer: Buffer;
  offset: number;
  end: number;

  constructor(buffer: Buffer, offset = 0, end = buffer.length) {
    this.buffer = buffer;
    this.offset = offset;
    this.end = end;
  }

  /** Points the reader at another window; saves an allocation for each frame. */
  reset(buffer: Buffer, offset: number, end: number): void {
    this.buffer = buffer;
    this.offset = offset;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  /** Moves past `bytes` bytes and gives where they began. */
  private take(bytes: number): number {
    const start = this.offset;
    if (bytes > this.end - start) throw new AmqpError('SYNTAX_ERROR', 'a field passes the end of its frame');
    this.offset = start + bytes;
    return start;
  }

  octet(): number {
    return this.buffer.readUInt8(this.take(1));
  }

  short(): number {
    return this.buffer.readUInt16BE(this.take(2));
  }

  long(): number {
    return this.buffer.readUInt32BE(this.take(4));
  }

  /** A 64-bit number as a JavaScript number: exact up to 2^53, which delivery tags and sizes never pass. */
  longlong(): number {
    const at = this.take(8);
    return this.buffer.readUInt32BE(at) * 0x1_0000_0000 + this.buffer.readUInt32BE(at + 4);
  }

  int8(): number {
    return this.buffer.readInt8(this.take(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.take(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.take(4));
  }

  int64(): bigint {
    return this.buffer.readBigInt64BE(this.take(8));
  }

  uint64(): bigint {
    return this.buffer.readBigUInt64BE(this.take(8));
  }

  float(): number {
    return this.buffer.readFloatBE(this.take(4));
  }

  double(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  /** A short string of a method, which has to be UTF-8. */
  shortstr(): string {
    const length = this.octet();
    const at = this.take(length);
    const text = this.buffer.toString('utf8', at, at + length);
    // The replacement character stands for malformed bytes, unless the client really sent it.
    if (text.includes('\uFFFD') && !Buffer.from(text).equals(this.buffer.subarray(at, at + length)))
      throw new AmqpError('FRAME_ERROR', 'Malformed UTF-8 in shortstr');
    return text;
  }

  /** A short string of a message, a key or a property: as in RabbitMQ its bytes need not be UTF-8. */
  octetText(): string {
    return decodeOctets(this.bytes(this.octet()));
  }

  /** The bytes of a long string; a view of the frame, not a copy. */
  longstr(): Buffer {
    return this.bytes(this.long());
  }

  bytes(length: number): Buffer {
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }

  skip(bytes: number): void {
    this.take(bytes);
  }
}
