import { AmqpError } from '../errors.ts';
import { encodeOctets } from './octet-text.ts';

const FIRST_CAPACITY = 256;

/** Writes the primitive types of AMQP 0-9-1 into a buffer that grows. */
export class Writer {
  private buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  length = 0;

  /** Makes room for `bytes` bytes and gives where they begin. It may move the buffer: read that only afterwards. */
  private claim(bytes: number): number {
    const start = this.length;
    const needed = start + bytes;
    if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, start);
      this.buffer = larger;
    }
    this.length = needed;
    return start;
  }

  octet(value: number): void {
    const at = this.claim(1);
    this.buffer.writeUInt8(value, at);
  }

  short(value: number): void {
    const at = this.claim(2);
    this.buffer.writeUInt16BE(value, at);
  }

  long(value: number): void {
    const at = this.claim(4);
    this.buffer.writeUInt32BE(value, at);
  }

  longlong(value: number): void {
    const at = this.claim(8);
    this.buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
    this.buffer.writeUInt32BE(value % 0x1_0000_0000, at + 4);
  }

  int8(value: number): void {
    const at = this.claim(1);
    this.buffer.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.claim(2);
    this.buffer.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.claim(4);
    this.buffer.writeInt32BE(value, at);
  }

  int64(value: bigint): void {
    const at = this.claim(8);
    this.buffer.writeBigInt64BE(value, at);
  }

  uint64(value: bigint): void {
    const at = this.claim(8);
    this.buffer.writeBigUInt64BE(value, at);
  }

  float(value: number): void {
    const at = this.claim(4);
    this.buffer.writeFloatBE(value, at);
  }

  double(value: number): void {
    const at = this.claim(8);
    this.buffer.writeDoubleBE(value, at);
  }

  /** Throws when the text is longer than the 255 bytes that a short string holds. */
  shortstr(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes > 255) throw tooLong();
    this.octet(bytes);
    const at = this.claim(bytes);
    this.buffer.write(text, at, 'utf8');
  }

  /** The same for a short string of a message, whose bytes need not be UTF-8. */
  octetText(text: string): void {
    const bytes = encodeOctets(text);
    if (bytes.length > 255) throw tooLong();
    this.octet(bytes.length);
    this.bytes(bytes);
  }

  longstr(value: string | Buffer): void {
    if (typeof value === 'string') {
      const bytes = Buffer.byteLength(value);
      this.long(bytes);
      const at = this.claim(bytes);
      this.buffer.write(value, at, 'utf8');
    } else {
      this.long(value.length);
      this.bytes(value);
    }
  }

  bytes(value: Buffer): void {
    const at = this.claim(value.length);
    value.copy(this.buffer, at);
  }

  /** Leaves room for a length that is not known yet, and writes it once `body` has been written. */
  sized(body: () => void): void {
    const at = this.claim(4);
    const start = this.length;
    body();
    this.buffer.writeUInt32BE(this.length - start, at);
  }

  /** What was written, as a view that the next write may move. */
  view(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** What was written, in a buffer of its own. */
  copy(): Buffer {
    return Buffer.from(this.view());
  }

  clear(): void {
    this.length = 0;
  }
}

function tooLong(): AmqpError {
  return new AmqpError('SYNTAX_ERROR', 'a short string is longer than 255 bytes');
}
