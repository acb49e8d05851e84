import type { BodyReceiver } from '../http/body-decoder.ts';
import { Pieces } from '../pieces.ts';

/** Who reads a request's body. */
export interface BodyReader {
  /** A piece; `false` asks to wait until `resume`. */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  /** The client went away before the end. */
  onGone(): void;
}

/** The connection that a body comes from. */
export interface BodySource {
  pause(): void;
  resume(): void;
  /** Tells the client, where it waits for that, to send its body. */
  goOn(): void;
}

/** A copy of the beginning of a body, beside whoever reads it. */
export class BodyCopy {
  readonly #body: RequestBody;
  readonly #most: number;
  readonly #pieces = new Pieces();

  constructor(body: RequestBody, most: number) {
    this.#body = body;
    this.#most = most;
  }

  /** What has come so far, at most as much as was asked for. */
  get bytes(): Buffer {
    return this.#pieces.bytes();
  }

  /** Whether that is the whole body. */
  get whole(): boolean {
    return this.#body.whole && this.#pieces.length === this.#body.received;
  }

  add(chunk: Buffer): void {
    this.#pieces.add(chunk.subarray(0, this.#most - this.#pieces.length));
  }
}

/** What is kept of a body that nobody reads yet, before the client has to wait. */
const HELD_BYTES = 64 * 1024;

/**
 * The body of one request. Nothing of it is handed over before somebody reads it, so that a body that was not `started`
 * can go to another node; what nobody reads any more is dropped.
 */
export class RequestBody implements BodyReceiver {
  /** The length that was announced; `undefined` for a chunked body. */
  length: number | undefined;
  /** All of it has come from the client. */
  whole: boolean;
  /** Some of it has gone to a reader that may have passed it on. */
  started = false;
  /** Bytes that have come. */
  received = 0;
  readonly #source: BodySource;
  readonly #held = new Pieces();
  #reader: BodyReader | undefined;
  #dropping = false;
  #waiting = false;
  #gone = false;
  #most = Number.POSITIVE_INFINITY;
  #exceeded: (() => void) | undefined;
  #copies: BodyCopy[] | undefined;

  constructor(source: BodySource, length: number | undefined) {
    this.#source = source;
    this.length = length;
    this.whole = length === 0;
  }

  /** True when the request has none. */
  get empty(): boolean {
    return this.length === 0;
  }

  /** Bytes that are here and that no reader has had. */
  get heldBytes(): number {
    return this.#held.length;
  }

  onData(chunk: Buffer): void {
    this.received += chunk.length;
    if (this.#copies !== undefined) for (const copy of this.#copies) copy.add(chunk);
    if (this.#dropping) return;
    if (this.received > this.#most) {
      const exceeded = this.#exceeded;
      this.#exceeded = undefined;
      this.drop();
      exceeded?.();
      return;
    }
    if (this.#reader === undefined || this.#waiting) {
      this.#held.add(chunk);
      if (this.#held.length > HELD_BYTES) this.#source.pause();
    } else {
      this.#give(chunk);
    }
  }

  onEnd(): void {
    this.whole = true;
    if (this.#reader === undefined || this.#waiting) return;
    this.started = true;
    this.#reader.onEnd();
  }

  /** The client's connection has ended. */
  gone(): void {
    if (this.whole || this.#gone) return;
    this.#gone = true;
    this.#reader?.onGone();
  }

  /**
   * Calls `exceeded` once when more than `most` bytes have come.
   *
   * @returns false when they have already
   */
  limit(most: number, exceeded: () => void): boolean {
    if (this.received > most) return false;
    this.#most = most;
    this.#exceeded = exceeded;
    return true;
  }

  /** Keeps the first `most` bytes a second time. To be asked for before anybody reads the body. */
  copy(most: number): BodyCopy {
    const copy = new BodyCopy(this, most);
    copy.add(this.#held.bytes());
    this.#copies ??= [];
    this.#copies.push(copy);
    return copy;
  }

  /** Hands all that has come to the reader, and the rest as it comes. */
  read(reader: BodyReader): void {
    this.#reader = reader;
    if (!this.whole && this.received === 0) this.#source.goOn();
    if (this.#gone) reader.onGone();
    else this.#flow();
  }

  /** The reader takes more. */
  resume(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#flow();
  }

  /** Nobody wants the rest. */
  drop(): void {
    this.#dropping = true;
    this.#reader = undefined;
    this.#held.clear();
    this.#source.resume();
  }

  /**
   * All of it, which stays here for the reader that comes after.
   *
   * @throws RangeError when it is longer than `most` bytes, or the client went away
   */
  collect(most: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const pieces = new Pieces();
      this.read({
        onData: (chunk) => {
          pieces.add(chunk);
          if (pieces.length <= most) return true;
          this.drop();
          pieces.clear();
          reject(new RangeError(`the body is longer than ${most} bytes`));
          return true;
        },
        onEnd: () => {
          const body = pieces.bytes();
          this.#reader = undefined;
          this.#held.add(body);
          this.started = false;
          resolve(body);
        },
        onGone: () => reject(new RangeError('the client went away')),
      });
    });
  }

  /** Puts other bytes in the place of a body that was collected. */
  replace(bytes: Buffer): void {
    this.#held.clear();
    this.#held.add(bytes);
    if (this.length !== undefined) this.length = bytes.length;
  }

  #flow(): void {
    while (this.#held.length > 0 && this.#reader !== undefined && !this.#waiting)
      this.#give(this.#held.shift() as Buffer);
    if (this.#reader === undefined || this.#waiting) return;
    if (this.whole) {
      this.started = true;
      this.#reader.onEnd();
    } else {
      this.#source.resume();
    }
  }

  #give(chunk: Buffer): void {
    this.started = true;
    if (this.#reader?.onData(chunk) === false) {
      this.#waiting = true;
      if (!this.whole) this.#source.pause();
    }
  }
}
