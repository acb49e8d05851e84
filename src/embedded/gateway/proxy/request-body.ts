import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Exchange } from '../exchange.ts';

/**
 * The client's body on its way to an upstream. The client's own stream is not handed over because undici destroys
 * what it was given when an exchange fails, and with it the connection on which the error is still to be sent.
 * Nothing is read before the upstream asks for it, so that a body that was not `started` can go to another node.
 */
export class RequestBody extends Readable {
  started = false;
  /** The client went away before the end of its body. */
  abandoned = false;
  /** It was longer than client-control lets through. */
  tooLong = false;
  readonly #exchange: Exchange;
  readonly #incoming: IncomingMessage;
  #bytes = 0;
  readonly #onData = (chunk: Buffer) => {
    this.started = true;
    this.#bytes += chunk.length;
    if (this.#bytes > (this.#exchange.maxBodyBytes ?? Number.POSITIVE_INFINITY)) {
      this.tooLong = true;
      this.destroy(new Error('the body is too long'));
      return;
    }
    if (!this.push(chunk)) this.#incoming.pause();
  };
  readonly #onEnd = () => {
    this.started = true;
    this.push(null);
  };
  readonly #onGone = () => {
    this.abandoned = true;
    this.destroy(new Error('the client went away'));
  };
  #attached = false;

  constructor(exchange: Exchange) {
    super();
    this.#exchange = exchange;
    this.#incoming = exchange.incoming;
  }

  override _read(): void {
    if (!this.#attached) {
      this.#attached = true;
      // The upstream wants the body: now the client may send it (RFC 9110, 10.1.1).
      if (this.#incoming.headers.expect !== undefined && !this.#exchange.outgoing.headersSent) {
        this.#exchange.outgoing.writeContinue();
      }
      this.#incoming.on('data', this.#onData).on('end', this.#onEnd).on('aborted', this.#onGone);
      if (this.#incoming.readableEnded) this.#onEnd();
    }
    this.#incoming.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#incoming.off('data', this.#onData).off('end', this.#onEnd).off('aborted', this.#onGone);
    if (this.#attached && !this.#incoming.readableEnded) this.#incoming.pause();
    callback(error);
  }
}

/** True when the message announces a body (RFC 9112, 6.3). */
export function hasBody(incoming: IncomingMessage): boolean {
  const { headers } = incoming;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
