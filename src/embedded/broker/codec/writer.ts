import { AmqpError } from '../errors.ts';

const FIRST_CAPACITY = 256;

/** Writes the primitive types of AMQP 0-9-1 into a buffer that grows. */
export class Writer {
  private buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  length = 0;

  /** Makes room for `bytes` bytes and gives where they begin. */
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
    this.buffer.writeUInt8(value, this.claim(1));
  }

  short(value: number): void {
    this.buffer.writeUInt16BE(value, this.claim(2));
  }

  long(value: number): void {
    this.buffer.writeUInt32BE(value, this.claim(4));
  }

  longlong(value: number): void {
    const at = this.claim(8);
    this.buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
    this.buffer.writeUInt32BE(value % 0x1_0000_0000, at + 4);
  }

  int8(value: number): void {
    this.buffer.writeInt8(value, this.claim(1));
  }

  int16(value: number): void {
    this.buffer.writeInt16BE(value, this.claim(2));
  }

  int32(value: number): void {
    this.buffer.writeInt32BE(value, this.claim(4));
  }

  int64(value: bigint): void {
    this.buffer.writeBigInt64BE(value, this.claim(8));
  }

  uint64(value: bigint): void {
    this.buffer.writeBigUInt64BE(value, this.claim(8));
  }

  float(value: number): void {
    this.buffer.writeFloatBE(value, this.claim(4));
  }

  double(value: number): void {
    this.buffer.writeDoubleBE(value, this.claim(8));
  }

  /** Throws when the text is longer than the 255 bytes that a short string holds. */
  shortstr(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes > 255) throw new AmqpError('SYNTAX_ERROR', 'a short string is longer than 255 bytes');
    this.octet(bytes);
    this.buffer.write(text, this.claim(bytes), 'utf8');
  }

  longstr(value: string | Buffer): void {
    if (typeof value === 'string') {
      const bytes = Buffer.byteLength(value);
      this.long(bytes);
      this.buffer.write(value, this.claim(bytes), 'utf8');
    } else {
      this.long(value.length);
      this.bytes(value);
    }
  }

  bytes(value: Buffer): void {
    value.copy(this.buffer, this.claim(value.length));
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
