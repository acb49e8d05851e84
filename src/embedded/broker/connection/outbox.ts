import type { Socket } from 'node:net';
import { FRAME, FRAME_END, FRAME_HEADER_BYTES, FRAME_OVERHEAD, HEARTBEAT } from '../codec/frames.ts';
import { AMQP_0_9_1, type MethodFields, type MethodName, methodId, writeMethod } from '../codec/methods.ts';
import { Writer } from '../codec/writer.ts';
import { guarded, type OnFailure, soon } from '../guard.ts';
import type { Message } from '../message.ts';

const FIRST_CHUNK_BYTES = 4096;
const LARGEST_CHUNK_BYTES = 65_536;
/** Bodies from this size on are handed to the socket as they are, not copied between their frames. */
const REFERENCED_BODY_BYTES = 16_384;
/** With more than this waiting for the client to read, nothing is delivered to it. */
const CONGESTED_BYTES = 1_048_576;

const DELIVER = methodId('basic.deliver');
const ACK = methodId('basic.ack');
const NACK = methodId('basic.nack');

/**
 * The frames that wait to be written to one socket. They are encoded into one buffer and leave together once the
 * events at hand are worked off: a system call for each frame would cost more than all the rest of the broker.
 */
export class Outbox {
  /** The version of the protocol that the client speaks. */
  dialect = AMQP_0_9_1;
  /** The largest frame that the client takes; 0 for no limit. */
  frameMax = 0;
  private chunk = Buffer.allocUnsafeSlow(FIRST_CHUNK_BYTES);
  private start = 0;
  private end = 0;
  private ready: Buffer[] = [];
  private readyBytes = 0;
  private scheduled = false;
  private congestedNow = false;
  private readonly scratch = new Writer();
  private readonly socket: Socket;
  private readonly onDrained: () => void;
  private readonly failed: OnFailure;
  /** Bytes given to the socket since the connection began. */
  bytesWritten = 0;

  constructor(socket: Socket, onDrained: () => void, failed: OnFailure) {
    this.socket = socket;
    this.onDrained = onDrained;
    this.failed = failed;
    socket.on(
      'drain',
      guarded(failed, () => this.relax()),
    );
  }

  /** Bytes that the client has not taken yet. */
  get waitingBytes(): number {
    return this.readyBytes + this.end - this.start + this.socket.writableLength;
  }

  /** True while the client reads too slowly; `onDrained` is called when that is over. */
  get congested(): boolean {
    if (!this.congestedNow && this.waitingBytes > CONGESTED_BYTES) this.congestedNow = true;
    return this.congestedNow;
  }

  method<Name extends MethodName>(channel: number, name: Name, fields: MethodFields<Name>): void {
    this.scratch.clear();
    writeMethod(this.scratch, name, fields, this.dialect);
    const payload = this.scratch.view();
    this.claim(payload.length + FRAME_OVERHEAD);
    this.header(FRAME.method, channel, payload.length);
    this.copy(payload);
    this.finish();
  }

  /** `method` followed by the content of a message. */
  content<Name extends MethodName>(
    channel: number,
    name: Name,
    fields: MethodFields<Name>,
    message: Message,
  ): void {
    this.method(channel, name, fields);
    this.contentFrames(channel, message);
  }

  /** `basic.deliver` and its content; written by hand because every message goes through here. */
  deliver(
    channel: number,
    consumerTag: Buffer,
    deliveryTag: number,
    redelivered: boolean,
    message: Message,
  ): void {
    const size = 4 + 1 + consumerTag.length + 8 + 1 + message.address.length;
    this.claim(size + FRAME_OVERHEAD);
    this.header(FRAME.method, channel, size);
    this.long(DELIVER);
    this.octet(consumerTag.length);
    this.copy(consumerTag);
    this.longlong(deliveryTag);
    this.octet(redelivered ? 1 : 0);
    this.copy(message.address);
    this.finish();
    this.contentFrames(channel, message);
  }

  /** `basic.ack` or `basic.nack` of publishes, towards the client. */
  confirm(channel: number, accepted: boolean, deliveryTag: number, multiple: boolean): void {
    this.claim(13 + FRAME_OVERHEAD);
    this.header(FRAME.method, channel, 13);
    this.long(accepted ? ACK : NACK);
    this.longlong(deliveryTag);
    this.octet(multiple ? 1 : 0);
    this.finish();
  }

  /** Bytes that are no frame of a channel: the protocol header, heartbeats. */
  raw(bytes: Buffer): void {
    this.claim(bytes.length);
    this.copy(bytes);
    this.schedule();
  }

  /** Written when it returns. */
  heartbeat(): void {
    this.raw(HEARTBEAT);
    this.flush();
  }

  /** Writes what waits, now. */
  flush(): void {
    this.scheduled = false;
    this.cut();
    const ready = this.ready;
    if (ready.length === 0 || this.socket.destroyed) return;
    this.ready = [];
    this.readyBytes = 0;
    const [only] = ready;
    if (ready.length === 1 && only !== undefined) {
      this.bytesWritten += only.length;
      this.socket.write(only);
    } else {
      this.socket.cork();
      for (const part of ready) {
        this.bytesWritten += part.length;
        this.socket.write(part);
      }
      this.socket.uncork();
    }
    // Without back-pressure from the socket there will be no `drain` to wait for.
    if (!this.socket.writableNeedDrain) this.relax();
  }

  private relax(): void {
    if (!this.congestedNow || this.waitingBytes > CONGESTED_BYTES / 2) return;
    this.congestedNow = false;
    this.onDrained();
  }

  private contentFrames(channel: number, message: Message): void {
    const { properties, body } = message;
    const size = 12 + properties.length;
    this.claim(size + FRAME_OVERHEAD);
    this.header(FRAME.header, channel, size);
    this.long(60 << 16);
    this.longlong(body.length);
    this.copy(properties);
    this.finish();
    if (body.length === 0) return;
    const largest = this.frameMax === 0 ? body.length : this.frameMax - FRAME_OVERHEAD;
    for (let offset = 0; offset < body.length; offset += largest) {
      const part = body.length <= largest ? body : body.subarray(offset, offset + largest);
      if (part.length < REFERENCED_BODY_BYTES) {
        this.claim(part.length + FRAME_OVERHEAD);
        this.header(FRAME.body, channel, part.length);
        this.copy(part);
      } else {
        this.claim(FRAME_OVERHEAD);
        this.header(FRAME.body, channel, part.length);
        this.reference(part);
      }
      this.finish();
    }
  }

  private header(type: number, channel: number, size: number): void {
    const { chunk, end } = this;
    chunk[end] = type;
    chunk[end + 1] = channel >>> 8;
    chunk[end + 2] = channel & 0xff;
    chunk.writeUInt32BE(size, end + 3);
    this.end = end + FRAME_HEADER_BYTES;
  }

  private finish(): void {
    this.octet(FRAME_END);
    this.schedule();
  }

  private octet(value: number): void {
    this.chunk[this.end] = value;
    this.end += 1;
  }

  private long(value: number): void {
    this.end = this.chunk.writeUInt32BE(value, this.end);
  }

  private longlong(value: number): void {
    this.long(Math.floor(value / 0x1_0000_0000));
    this.long(value >>> 0);
  }

  private copy(bytes: Buffer): void {
    this.chunk.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** Puts foreign bytes between what has been written and what comes next. */
  private reference(bytes: Buffer): void {
    this.cut();
    this.ready.push(bytes);
    this.readyBytes += bytes.length;
    this.claim(1);
  }

  /** Makes sure that `bytes` bytes fit into the chunk. Chunks are never written again once they were handed over. */
  private claim(bytes: number): void {
    if (this.chunk.length - this.end >= bytes) return;
    this.cut();
    const size = Math.min(this.chunk.length * 2, LARGEST_CHUNK_BYTES);
    this.chunk = Buffer.allocUnsafeSlow(Math.max(size, bytes));
    this.start = 0;
    this.end = 0;
  }

  private cut(): void {
    if (this.end === this.start) return;
    this.ready.push(this.chunk.subarray(this.start, this.end));
    this.readyBytes += this.end - this.start;
    this.start = this.end;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    soon(this.failed, () => this.flush());
  }
}
