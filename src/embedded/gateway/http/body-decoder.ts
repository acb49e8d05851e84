import { Pieces } from '../pieces.ts';
import { isClean, parseFields } from './fields.ts';
import type { Framing } from './framing.ts';
import type { HeaderList } from './header-list.ts';
import { Malformed } from './malformed.ts';

/** Who gets the pieces of a body. */
export interface BodyReceiver {
  onData(chunk: Buffer): void;
  /** The body is whole. Only a chunked one can have trailers. */
  onEnd(trailers: HeaderList | undefined): void;
}

/** Line ends, extensions and zeros that come with the chunks of one body; more than this serves nobody. */
const MOST_OVERHEAD_BYTES = 16 * 1024;
const MOST_TRAILER_BYTES = 32 * 1024;
const MOST_SIZE_DIGITS = 16;
/** Size, and extensions, which are ignored (RFC 9112, 7.1.1). */
const SIZE_LINE = /^([0-9a-f]+)(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;
const CR = 0x0d;
const LF = 0x0a;

type State = 'data' | 'size' | 'chunk' | 'chunk-end' | 'trailer' | 'rest' | 'done';

/** Finds the end of one body in the bytes of a connection, and takes the framing off (RFC 9112, 6 and 7). */
export class BodyDecoder {
  readonly #receiver: BodyReceiver;
  #state: State;
  /** Bytes that are still to come: of the body, or of the chunk. */
  #left = 0;
  /** The beginning of a line whose end has not come. */
  #line = '';
  #trailer = '';
  #overhead = 0;
  /** What chunks hold that came together: it goes on together, however small they are. */
  readonly #chunks = new Pieces();

  constructor(framing: Framing, receiver: BodyReceiver) {
    this.#receiver = receiver;
    if (framing === 'chunked') this.#state = 'size';
    else if (framing === 'close') this.#state = 'rest';
    else {
      this.#state = framing === 0 ? 'done' : 'data';
      this.#left = framing;
    }
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** The sender has closed: ends a body that nothing else ends. Gives whether the body is whole. */
  close(): boolean {
    if (this.#state === 'rest') this.#finish(undefined);
    return this.done;
  }

  /**
   * Takes the bytes from `at` on.
   *
   * @returns where the body's part of them ends
   * @throws Malformed
   */
  feed(bytes: Buffer, at: number): number {
    let position = at;
    try {
      while (position < bytes.length && this.#state !== 'done') position = this.#step(bytes, position);
    } finally {
      this.#handOn();
    }
    return position;
  }

  #handOn(): void {
    while (this.#chunks.length > 0) this.#receiver.onData(this.#chunks.shift() as Buffer);
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'data': {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#state = 'done';
        this.#receiver.onData(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
        if (this.#left === 0) this.#receiver.onEnd(undefined);
        return end;
      }
      case 'chunk': {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#state = 'chunk-end';
        this.#chunks.add(bytes.subarray(at, end));
        return end;
      }
      case 'rest':
        this.#receiver.onData(at === 0 ? bytes : bytes.subarray(at));
        return bytes.length;
      case 'size': {
        const end = this.#readLine(bytes, at);
        if (end !== undefined) this.#beginChunk(this.#takeLine());
        return end ?? bytes.length;
      }
      case 'chunk-end': {
        // Its bytes are looked at one by one: whatever stands here instead must not be read as a line.
        const expected = this.#line === '' ? CR : LF;
        if (bytes[at] !== expected) throw new Malformed('chunk', 'a chunk that is longer than its size');
        this.#line = expected === CR ? '\r' : '';
        if (expected === LF) this.#state = 'size';
        return at + 1;
      }
      default: {
        const end = this.#readLine(bytes, at);
        if (end !== undefined) this.#trailerLine(this.#takeLine());
        return end ?? bytes.length;
      }
    }
  }

  #beginChunk(line: string): void {
    const [, digits = ''] = SIZE_LINE.exec(line) ?? [];
    const size = Number.parseInt(digits, 16);
    if (digits.length > MOST_SIZE_DIGITS || !Number.isSafeInteger(size))
      throw new Malformed('chunk', 'a chunk size that is none');
    this.#count(line.length - digits.length);
    this.#left = size;
    this.#state = size === 0 ? 'trailer' : 'chunk';
  }

  #trailerLine(line: string): void {
    if (line !== '') {
      this.#trailer += `${line}\r\n`;
      if (this.#trailer.length > MOST_TRAILER_BYTES)
        throw new Malformed('trailer', 'trailers that are too long', 431);
      return;
    }
    if (!isClean(this.#trailer)) throw new Malformed('trailer', 'a control character in a trailer');
    this.#finish(this.#trailer === '' ? undefined : parseFields(this.#trailer, 0));
  }

  #finish(trailers: HeaderList | undefined): void {
    this.#state = 'done';
    this.#handOn();
    this.#receiver.onEnd(trailers);
  }

  /** Adds to the line what there is of it; gives where the next one begins, when this one is whole. */
  #readLine(bytes: Buffer, at: number): number | undefined {
    const lineFeed = bytes.indexOf(LF, at);
    const end = lineFeed === -1 ? bytes.length : lineFeed + 1;
    this.#line += bytes.toString('latin1', at, end);
    if (this.#line.length > MOST_OVERHEAD_BYTES + MOST_TRAILER_BYTES)
      throw new Malformed('chunk', 'a line that is too long');
    if (lineFeed === -1) {
      if (this.#state !== 'trailer') this.#refuseUnfinished();
      return undefined;
    }
    if (this.#line.charCodeAt(this.#line.length - 2) !== CR)
      throw new Malformed('chunk', 'a line end without CR');
    this.#line = this.#line.slice(0, -2);
    return end;
  }

  /** What can never become a size line is not waited for. */
  #refuseUnfinished(): void {
    if (this.#line.length > MOST_OVERHEAD_BYTES)
      throw new Malformed('chunk', 'chunk extensions that are too long');
    const begun = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    if (this.#state === 'size' && begun !== '' && !SIZE_LINE.test(begun))
      throw new Malformed('chunk', 'a chunk size that is none');
  }

  #takeLine(): string {
    const line = this.#line;
    this.#line = '';
    return line;
  }

  #count(overhead: number): void {
    this.#overhead += overhead;
    if (this.#overhead > MOST_OVERHEAD_BYTES)
      throw new Malformed('chunk', 'chunk extensions that are too long');
  }
}
