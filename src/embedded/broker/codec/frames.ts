/** The four kinds of frames. */
export const FRAME = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;
export const FRAME_END = 0xce;
/** Type, channel and size in front of a payload. */
export const FRAME_HEADER_BYTES = 7;
/** What a frame costs around its payload. */
export const FRAME_OVERHEAD = 8;
/** The smallest frame-max that a client may ask for, and the one that holds before tuning. */
export const FRAME_MIN_SIZE = 4096;

export const HEARTBEAT = Buffer.from([FRAME.heartbeat, 0, 0, 0, 0, 0, 0, FRAME_END]);

/** What is wrong with a frame, as Erlang terms: RabbitMQ puts them into its reply text. */
export interface FrameFault {
  type: number;
  channel: number;
  payload: Buffer;
  reason: string;
}

export interface FrameSink {
  /** A whole frame: its payload is `buffer` from `start` to `end`, valid only during the call. Gives false to stop. */
  onFrame(type: number, channel: number, buffer: Buffer, start: number, end: number): boolean;
  /** The stream makes no sense any more; nothing after it is read. */
  onFault(fault: FrameFault): void;
}

/** Cuts the byte stream of a socket into frames. Holds at most one incomplete frame. */
export class FrameParser {
  /** The largest frame that the peer may send, overhead included; 0 for no limit. */
  frameMax = FRAME_MIN_SIZE;
  private chunks: Buffer[] = [];
  private buffered = 0;
  private needed = FRAME_HEADER_BYTES;
  private stopped = false;
  private readonly sink: FrameSink;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  push(chunk: Buffer): void {
    if (this.stopped) return;
    let buffer = chunk;
    if (this.buffered > 0) {
      this.chunks.push(chunk);
      this.buffered += chunk.length;
      if (this.buffered < this.needed) return;
      buffer = Buffer.concat(this.chunks, this.buffered);
      this.chunks = [];
      this.buffered = 0;
    }
    this.parse(buffer);
  }

  private parse(buffer: Buffer): void {
    let offset = 0;
    while (buffer.length - offset >= FRAME_HEADER_BYTES) {
      const type = buffer.readUInt8(offset);
      const channel = buffer.readUInt16BE(offset + 1);
      const size = buffer.readUInt32BE(offset + 3);
      // RabbitMQ forgives a payload that is as large as the whole frame may be: quite a few clients get it wrong.
      if (this.frameMax !== 0 && size > this.frameMax) {
        this.stopped = true;
        const reason = `{frame_too_large,${size},${this.frameMax - FRAME_OVERHEAD}}`;
        this.sink.onFault({ type, channel, payload: Buffer.alloc(0), reason });
        return;
      }
      const start = offset + FRAME_HEADER_BYTES;
      const end = start + size;
      if (buffer.length <= end) {
        this.keep(buffer, offset, size + FRAME_OVERHEAD);
        return;
      }
      const marker = buffer.readUInt8(end);
      if (marker !== FRAME_END) {
        this.stopped = true;
        const reason = `{invalid_frame_end_marker,${marker}}`;
        this.sink.onFault({ type, channel, payload: buffer.subarray(start, end), reason });
        return;
      }
      offset = end + 1;
      if (!this.sink.onFrame(type, channel, buffer, start, end)) {
        this.stopped = true;
        return;
      }
    }
    if (offset < buffer.length) this.keep(buffer, offset, FRAME_HEADER_BYTES);
  }

  private keep(buffer: Buffer, offset: number, needed: number): void {
    this.chunks = [buffer.subarray(offset)];
    this.buffered = buffer.length - offset;
    this.needed = needed;
  }
}
