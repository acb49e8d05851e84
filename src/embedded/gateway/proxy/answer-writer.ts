import type { Socket } from 'node:net';
import { statusPhrase } from '../answer.ts';
import { isBodiless } from '../http/answer-head.ts';
import { httpDate } from '../http/date.ts';
import { listOf } from '../http/fields.ts';
import { fieldLines, isLineText } from '../http/head-text.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { RequestHead } from '../http/request-head.ts';

/** nginx's `keepalive_timeout`, told to clients so that they do not use a connection that is about to close. */
export const KEEP_ALIVE_SECONDS = 75;

/** Framing and the connection are this writer's: what a plugin or an upstream says of them is not sent. */
const OWN = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'upgrade']);
/** What can never be a trailer (RFC 9110, 6.5.1). */
const NO_TRAILER = new Set([
  ...OWN,
  'trailer',
  'host',
  'te',
  'content-type',
  'content-encoding',
  'content-range',
  'set-cookie',
]);
/** Pieces up to this size are put together before they are written. */
const SMALL_BYTES = 16 * 1024;

/** Why an answer is over. */
export type Ending = 'whole' | 'cut';

/** Writes the answer to one request onto its connection, with the framing that the client understands. */
export class AnswerWriter {
  /** That of the final answer, once its head is written or on its way. */
  status: number | undefined;
  over = false;
  /** Bytes of the answer, with its head. */
  sent = 0;
  /** Whether the connection may serve another request afterwards. */
  persistent: boolean;
  readonly #socket: Socket;
  readonly #request: RequestHead;
  readonly #onOver: (ending: Ending) => void;
  #framing: 'none' | 'chunked' | 'close' | number = 'none';
  /** What is still to be written. */
  #text = '';

  constructor(socket: Socket, request: RequestHead, onOver: (ending: Ending) => void) {
    this.#socket = socket;
    this.#request = request;
    this.persistent = request.persistent;
    this.#onOver = onOver;
  }

  /** The head of the final answer is written or on its way. */
  get begun(): boolean {
    return this.status !== undefined;
  }

  /** An interim answer (RFC 9110, 15.2); a client of HTTP/1.0 gets none. */
  inform(status: number, headers: HeaderList): void {
    if (this.begun || this.over || this.#request.version === '1.0') return;
    this.#text += `HTTP/1.1 ${status} ${statusPhrase(status)}\r\n${fieldLines(headers, OWN)}\r\n`;
    this.flush();
  }

  /**
   * Writes the head of the final answer. Without a phrase the usual one is taken.
   *
   * @throws TypeError for what would break the head; nothing is written then
   */
  begin(status: number, headers: HeaderList, phrase?: string): void {
    if (phrase !== undefined && !isLineText(phrase)) throw new TypeError('the phrase cannot be sent');
    const lines = fieldLines(headers, OWN);
    const framing = this.#framingOf(status, headers);
    if (framing === 'close' || listOf(headers, 'connection').includes('close')) this.persistent = false;
    this.#framing = framing;
    this.status = status;
    this.#text +=
      `HTTP/1.1 ${status} ${phrase ?? statusPhrase(status)}\r\n${lines}` +
      (headers.has('date') ? '' : `Date: ${httpDate()}\r\n`) +
      this.#framingLines(status, headers) +
      (this.persistent
        ? `Connection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_SECONDS}\r\n\r\n`
        : 'Connection: close\r\n\r\n');
  }

  /** Writes the head of a 101: the bytes after it belong to the other protocol. */
  switchTo(protocol: string, headers: HeaderList, phrase: string): void {
    const lines = fieldLines(headers, OWN);
    this.status = 101;
    this.over = true;
    this.#text += `HTTP/1.1 101 ${phrase || statusPhrase(101)}\r\n${lines}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
    this.flush();
  }

  /** A piece of the body. */
  write(chunk: Buffer): void {
    if (this.over || chunk.length === 0 || this.#framing === 'none') return;
    if (typeof this.#framing === 'number') {
      this.#framing -= chunk.length;
      if (this.#framing < 0) {
        this.cut();
        return;
      }
    }
    const chunked = this.#framing === 'chunked';
    if (chunked) this.#text += `${chunk.length.toString(16)}\r\n`;
    if (chunk.length <= SMALL_BYTES) {
      this.#text += chunk.toString('latin1');
      if (this.#text.length > SMALL_BYTES) this.flush();
    } else {
      this.#socket.cork();
      this.flush();
      this.#socket.write(chunk);
      this.sent += chunk.length;
      process.nextTick(uncork, this.#socket);
    }
    if (chunked) this.#text += '\r\n';
  }

  /** The answer is whole. Trailers go only to a client that takes them, and only behind chunks. */
  end(trailers?: HeaderList): void {
    if (this.over) return;
    if (typeof this.#framing === 'number' && this.#framing > 0) {
      this.cut();
      return;
    }
    if (this.#framing === 'chunked') this.#text += `0\r\n${this.#trailerLines(trailers)}\r\n`;
    this.flush();
    this.over = true;
    this.#onOver('whole');
  }

  /** Writes what has been put together. */
  flush(): void {
    if (this.#text === '') return;
    this.sent += this.#text.length;
    this.#socket.write(this.#text, 'latin1');
    this.#text = '';
  }

  /** True while the client does not keep up: `drained` is called when it has. */
  get full(): boolean {
    return this.#socket.writableNeedDrain;
  }

  onceDrained(drained: () => void): void {
    this.#socket.once('drain', drained);
  }

  /** The client must see that its answer is not whole. */
  cut(): void {
    if (this.over) return;
    this.over = true;
    this.persistent = false;
    this.#onOver('cut');
  }

  #framingOf(status: number, headers: HeaderList): 'none' | 'chunked' | 'close' | number {
    if (this.#request.method === 'HEAD' || isBodiless(status)) return 'none';
    const length = headers.get('content-length');
    if (length !== undefined && /^\d+$/.test(length)) return Number(length);
    return this.#request.version === '1.1' ? 'chunked' : 'close';
  }

  #framingLines(status: number, headers: HeaderList): string {
    if (this.#framing === 'chunked') return 'Transfer-Encoding: chunked\r\n';
    const length = headers.get('content-length');
    // What a GET would have got may be told; a 204 has no length (RFC 9110, 8.6).
    const told = length !== undefined && /^\d+$/.test(length) && status >= 200 && status !== 204;
    return told ? `Content-Length: ${length}\r\n` : '';
  }

  #trailerLines(trailers: HeaderList | undefined): string {
    if (trailers === undefined || !listOf(this.#request.headers, 'te').includes('trailers')) return '';
    return fieldLines(trailers, NO_TRAILER);
  }
}

const uncork = (socket: Socket): void => socket.uncork();
