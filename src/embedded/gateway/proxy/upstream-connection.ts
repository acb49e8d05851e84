import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type AnswerHead, readAnswerHead } from '../http/answer-head.ts';
import { BodyDecoder } from '../http/body-decoder.ts';
import type { HeaderList } from '../http/header-list.ts';
import { Malformed } from '../http/malformed.ts';
import { withBody, writeBody } from './body-writer.ts';
import { readBeforeWriteFails } from './early-answer.ts';
import type { RequestBody } from './request-body.ts';
import type { Keepalive } from './upstream.ts';

/** What went wrong with a node. */
export type Failure =
  /** Nothing answers for the name of the node. */
  | 'unresolved'
  /** No connection came about: nothing can have had an effect. */
  | 'connect'
  | 'connect-timeout'
  /** The connection ended before a byte of the answer. */
  | 'closed'
  /** The connection ended, or what came was no HTTP, within the answer. */
  | 'broken'
  /** Nothing came for too long. */
  | 'timeout';

/** Who gets the answer to a request. */
export interface AnswerReceiver {
  /** An interim answer (1xx but 101). */
  onInformation(head: AnswerHead): void;
  onHead(head: AnswerHead): void;
  onData(chunk: Buffer): void;
  onEnd(trailers: HeaderList | undefined): void;
  /** All that has come so far was handed over. */
  onFlush(): void;
  onFailure(failure: Failure, reason: string): void;
}

/** A request as it goes onto the wire. */
export interface WireRequest {
  method: string;
  /** Request line, fields and the empty line, in text of one character a byte. */
  head: string;
  body: RequestBody | undefined;
  /** Whether the answer may be a 101. */
  upgrade: boolean;
  /** Milliseconds that nothing may come or go. */
  idleMs: number;
}

export interface Target {
  host: string;
  port: number;
  connectMs: number;
  /** For connections behind TLS. */
  tls: { verify: boolean; servername: string } | undefined;
}

/** Interim answers to one request; more than this is an attack. */
const MOST_INFORMATION = 64;
/** Bodies up to this size that are here already go on in one piece with their head. */
const WHOLE_BYTES = 16 * 1024;

/**
 * What all connections read into, one after the other. Without it Node takes 64 KiB anew for every read; a copy of what
 * has come costs less.
 */
const READ_INTO = Buffer.allocUnsafeSlow(64 * 1024);

/** A connection to a node, which carries one request at a time. */
export class UpstreamConnection {
  /** A TCP, and where wanted a TLS connection has come about. */
  connected = false;
  /** How many requests it has carried. */
  requests = 0;
  /** What becomes of it between requests. */
  keepalive: Keepalive;
  /** The name that was asked for behind TLS. */
  readonly servername: string | undefined;
  readonly #socket: Socket;
  readonly #onFree: (connection: UpstreamConnection, usable: boolean) => void;
  #receiver: AnswerReceiver | undefined;
  #request: WireRequest | undefined;
  #decoder: BodyDecoder | undefined;
  #head: AnswerHead | undefined;
  #bytes: Buffer | undefined;
  #trailers: HeaderList | undefined;
  #information = 0;
  #bodySent = true;
  #idleMs = 0;
  #dead = false;
  #paused = false;
  #watchesWrites = false;
  #tunnel: ((chunk: Buffer) => void) | undefined;

  /** @param onFree called when it carries no request any more: `usable` for the next one, or over (once) */
  constructor(
    target: Target,
    keepalive: Keepalive,
    onFree: (connection: UpstreamConnection, usable: boolean) => void,
  ) {
    this.keepalive = keepalive;
    this.#onFree = onFree;
    const { host, port, tls } = target;
    this.servername = tls?.servername;
    // An IPv6 address stands in brackets in a URL only.
    const address = { host: host.replace(/^\[|\]$/g, ''), port };
    this.#socket =
      tls === undefined
        ? connectTcp({ ...address, noDelay: true, onread: { buffer: READ_INTO, callback: this.#onread } })
        : connectTls({ ...address, rejectUnauthorized: tls.verify, servername: tls.servername });
    const socket = this.#socket;
    const slow = setTimeout(() => this.#fail('connect-timeout', 'no connection in time'), target.connectMs);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(slow);
      this.connected = true;
      socket.setTimeout(this.#idleMs);
      this.#startBody();
    });
    if (tls !== undefined) socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('timeout', () => this.#silent());
    socket.on('end', () => this.#ended());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const failure = error.syscall === 'getaddrinfo' ? 'unresolved' : 'connect';
      this.#fail(this.connected ? 'closed' : failure, error.message);
    });
    socket.on('close', () => {
      clearTimeout(slow);
      this.#lost();
    });
  }

  /** Sends a request. The body follows when there is a connection, so that it can go elsewhere when there is none. */
  send(request: WireRequest, receiver: AnswerReceiver): void {
    this.requests++;
    this.#request = request;
    this.#receiver = receiver;
    this.#decoder = undefined;
    this.#head = undefined;
    this.#information = 0;
    const { body, head, idleMs } = request;
    this.#waitFor(idleMs);
    this.#bodySent = body === undefined;
    if (this.connected && body?.whole === true && body.heldBytes <= WHOLE_BYTES) {
      this.#bodySent = true;
      this.#socket.write(withBody(head, body), 'latin1');
    } else {
      this.#socket.write(head, 'latin1');
      if (this.connected) this.#startBody();
    }
  }

  /** Ends the connection; nobody waits for the answer. */
  abort(): void {
    this.#receiver = undefined;
    this.#request = undefined;
    this.#die();
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  /** Gives the connection away after a 101: `receive` gets the bytes that came behind it, and all that come. */
  takeOver(receive: (chunk: Buffer) => void): Socket {
    this.#receiver = undefined;
    this.#tunnel = receive;
    this.#socket.removeAllListeners('end').removeAllListeners('timeout');
    this.#socket.setTimeout(0);
    if (this.#bytes !== undefined) receive(this.#bytes);
    return this.#socket;
  }

  /** How long nothing may come or go from now on; 0 for any time. */
  #waitFor(idleMs: number): void {
    if (this.#idleMs === idleMs) return;
    this.#idleMs = idleMs;
    if (this.connected) this.#socket.setTimeout(idleMs);
  }

  #startBody(): void {
    const request = this.#request;
    if (request?.body === undefined || this.#bodySent) return;
    if (!this.#watchesWrites) {
      this.#watchesWrites = true;
      readBeforeWriteFails(this.#socket);
    }
    writeBody(this.#socket, request.body, {
      isWanted: () => this.#request === request,
      onSent: () => {
        this.#bodySent = true;
      },
      onGone: () => this.#fail('broken', 'the client went away'),
    });
  }

  readonly #onread = (length: number): boolean => {
    this.#receive(Buffer.from(READ_INTO.subarray(0, length)));
    return true;
  };

  #receive(chunk: Buffer): void {
    if (this.#tunnel !== undefined) {
      this.#tunnel(chunk);
      return;
    }
    this.#bytes = this.#bytes === undefined ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (this.#request === undefined) {
      // Nothing was asked: whatever this is, it must not become the answer to the next request.
      this.#fail('broken', 'bytes that belong to no request');
      return;
    }
    try {
      this.#read();
    } catch (error) {
      this.#fail('broken', error instanceof Error ? error.message : String(error));
      return;
    }
    this.#receiver?.onFlush();
  }

  #read(): void {
    while (this.#bytes !== undefined && this.#request !== undefined) {
      const bytes: Buffer = this.#bytes;
      if (this.#decoder === undefined) {
        const head = readAnswerHead(bytes, 0, this.#request.method);
        if (head === undefined) return;
        this.#bytes = head.length < bytes.length ? bytes.subarray(head.length) : undefined;
        this.#begin(head);
        if (this.#dead || this.#tunnel !== undefined) return;
      } else {
        const end = this.#decoder.feed(bytes, 0);
        if (this.#dead) return;
        this.#bytes = end < bytes.length ? bytes.subarray(end) : undefined;
      }
      if (this.#decoder?.done === true) {
        this.#finish();
        return;
      }
    }
  }

  #begin(head: AnswerHead): void {
    if (head.status === 101 && this.#request?.upgrade === true) {
      this.#receiver?.onHead(head);
      return;
    }
    if (head.status < 200) {
      this.#information++;
      if (head.status === 101 || this.#information > MOST_INFORMATION)
        throw new Malformed('status-line', `a ${head.status} that nobody asked for`);
      // What 100 tells was the gateway's to tell, and it has (RFC 9110, 10.1.1).
      if (head.status !== 100) this.#receiver?.onInformation(head);
      return;
    }
    this.#head = head;
    const receiver = this.#receiver;
    this.#trailers = undefined;
    this.#decoder = new BodyDecoder(head.framing, {
      onData: (chunk) => receiver?.onData(chunk),
      onEnd: (trailers) => {
        this.#trailers = trailers;
      },
    });
    receiver?.onHead(head);
  }

  /** The answer is whole. */
  #finish(): void {
    const receiver = this.#receiver;
    const trailers = this.#trailers;
    // What the rest of a body would go to, nobody knows; and bytes behind the answer would be taken for the next one.
    const usable =
      this.#head?.persistent === true &&
      this.#head.framing !== 'close' &&
      this.#bodySent &&
      this.#bytes === undefined &&
      !this.#socket.destroyed;
    this.#receiver = undefined;
    this.#request = undefined;
    // Whoever still works on this answer has all of it; the next one must not wait for that.
    if (this.#paused) this.resume();
    if (usable) {
      this.#waitFor(this.keepalive.idleMs);
      this.#onFree(this, true);
    } else {
      this.#die();
    }
    receiver?.onEnd(trailers);
  }

  /** The node has closed its side. */
  #ended(): void {
    if (this.#decoder?.close() === true && this.#request !== undefined) this.#finish();
    else this.#lost();
  }

  #lost(): void {
    this.#fail(this.connected ? 'closed' : 'connect', 'the connection was closed');
  }

  /** Nothing came or went for long. Where it is the client that is waited for, its own connection has a limit. */
  #silent(): void {
    const clientIsSlow = this.#paused || (!this.#bodySent && this.#socket.writableLength === 0);
    if (clientIsSlow) this.#socket.setTimeout(this.#idleMs);
    else this.#fail('timeout', 'nothing came in time');
  }

  #fail(failure: Failure, reason: string): void {
    const receiver = this.#receiver;
    const begun = this.#head !== undefined || this.#bytes !== undefined;
    this.#receiver = undefined;
    this.#request = undefined;
    this.#die();
    receiver?.onFailure(failure === 'closed' && begun ? 'broken' : failure, reason);
  }

  #die(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#socket.destroy();
    this.#onFree(this, false);
  }
}
