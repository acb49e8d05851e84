import type { Socket } from 'node:net';
import type { Peer } from '../exchange.ts';
import { BodyDecoder } from '../http/body-decoder.ts';
import { HeaderList } from '../http/header-list.ts';
import { Malformed } from '../http/malformed.ts';
import { type RequestHead, readRequestHead } from '../http/request-head.ts';
import type { ConnectionStates } from '../metrics.ts';
import { AnswerWriter, type Ending, KEEP_ALIVE_SECONDS } from './answer-writer.ts';
import { RequestBody } from './request-body.ts';

/** One request of a connection, with the place for its answer. */
export interface Turn {
  readonly head: RequestHead;
  readonly peer: Peer;
  readonly body: RequestBody;
  readonly answer: AnswerWriter;
  /** Called once, when the answer is out or cannot be any more. */
  onOver: (ending: Ending) => void;
  /** Gives the connection away, with the bytes that came after the request: for another protocol. */
  takeOver(): { socket: Socket; rest: Buffer };
}

/** Whom a connection brings its requests to. */
export interface Host {
  /** A whole head has come; the body comes meanwhile. Must answer, whatever happens. */
  serve(turn: Turn): void;
  /** A request that breaks the rules, in its turn: must answer on it. */
  refuse(turn: Turn, reason: Malformed): void;
  closed(connection: ClientConnection): void;
  /** No more requests are taken. */
  readonly draining: boolean;
}

/** How long no byte may go either way while it is the client that is waited for. */
const SILENT_MS = KEEP_ALIVE_SECONDS * 1000;
/** nginx's `client_header_timeout`: how long a head may take in all. */
const HEAD_MS = 60_000;
/** How long the rest of a body that nobody wants may take. */
const DROP_MS = 30_000;
/** What clients may send ahead before they have to wait. */
const AHEAD_BYTES = 64 * 1024;
/** How long a client that has got its last answer may take to close (nginx's `lingering_timeout`). */
const LINGER_MS = 2_000;

/**
 * The connection of one client. It serves one request at a time: the next one is looked at when the answer before it is
 * out (RFC 9112, 9.3.2), whatever has come meanwhile.
 */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #host: Host;
  readonly #peer: Peer;
  /** Bytes that have come and are not read. */
  #bytes: Buffer | undefined;
  #at = 0;
  #turn: OpenTurn | undefined;
  #decoder: BodyDecoder | undefined;
  #paused = false;
  /** By `performance.now()`: since when the present head, or the rest of a body that nobody wants, is waited for. */
  #waitingSince: number | undefined;
  #advancing = false;
  /** The client has not taken the answer yet. */
  #full = false;
  /** No more requests are read: the connection is about to end, or was given away. */
  #leaving = false;

  constructor(socket: Socket, host: Host, peer: Peer) {
    this.#socket = socket;
    this.#host = host;
    this.#peer = peer;
    socket.setNoDelay(true);
    socket.setTimeout(SILENT_MS);
    socket.on('timeout', () => this.#silent());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    // A client that has closed its side is gone, as for nginx: nobody waits for the answer.
    socket.on('end', () => this.#end());
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  /** True between two requests. */
  get idle(): boolean {
    return this.state === 'waiting';
  }

  /** What it does at the moment, in nginx's words. */
  get state(): keyof ConnectionStates {
    if (this.#turn !== undefined || this.#leaving) return 'writing';
    return this.#bytes === undefined ? 'waiting' : 'reading';
  }

  /** Ends the connection between two requests: now, or after the present answer. */
  leave(): void {
    if (this.idle) {
      this.#leaving = true;
      this.#socket.end(() => this.#socket.destroySoon());
    } else if (this.#turn !== undefined && !this.#turn.answer.begun) {
      this.#turn.answer.persistent = false;
    }
  }

  /** Looks whether somebody takes too long; called now and then. */
  check(now: number): void {
    if (this.#waitingSince === undefined || this.#leaving) return;
    const waited = now - this.#waitingSince;
    if (this.#turn === undefined ? waited < HEAD_MS : waited < DROP_MS) return;
    if (this.#turn === undefined) this.#refuse(new Malformed('timeout', 'the head takes too long', 408));
    else this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#leaving) return;
    if (this.#bytes === undefined) {
      this.#bytes = chunk;
      this.#at = 0;
    } else {
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), chunk]);
      this.#at = 0;
    }
    this.#advance();
  }

  /** Reads as far as it may: the present body, then the next head. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      while (this.#bytes !== undefined && !this.#leaving) {
        if (this.#turn === undefined) {
          if (!this.#begin(this.#bytes)) break;
        } else if (this.#decoder?.done === false) {
          const bytes: Buffer = this.#bytes;
          this.#at = this.#decoder.feed(bytes, this.#at);
          if (this.#at >= bytes.length) this.#bytes = undefined;
          this.#settle();
        } else {
          if (this.#bytes.length - this.#at > AHEAD_BYTES) this.#pause();
          break;
        }
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#advancing = false;
    }
  }

  /** Begins the next request; false while its head is not whole. */
  #begin(bytes: Buffer): boolean {
    const head = readRequestHead(bytes, this.#at);
    if (head === undefined) {
      this.#waitingSince ??= performance.now();
      return false;
    }
    this.#waitingSince = undefined;
    this.#at += head.length;
    const turn = this.#open(head);
    this.#decoder = new BodyDecoder(head.framing, turn.body);
    // What has come of the body stands ready when the request is served: a short one goes on in one piece.
    if (!this.#decoder.done) this.#at = this.#decoder.feed(bytes, this.#at);
    if (this.#at >= bytes.length) this.#bytes = undefined;
    this.#host.serve(turn);
    this.#settle();
    return true;
  }

  #open(head: RequestHead): OpenTurn {
    const body = new RequestBody(
      {
        pause: () => this.#pause(),
        resume: () => this.#resume(),
        goOn: () => {
          if (!head.expectsContinue || turn.answer.begun || turn.continued) return;
          turn.continued = true;
          turn.answer.inform(100, new HeaderList());
        },
      },
      typeof head.framing === 'number' ? head.framing : undefined,
    );
    const turn: OpenTurn = {
      head,
      peer: this.#peer,
      body,
      continued: false,
      answer: new AnswerWriter(this.#socket, head, (ending) => this.#answered(turn, ending)),
      onOver: () => {},
      takeOver: () => this.#giveAway(),
    };
    if (this.#host.draining) turn.answer.persistent = false;
    this.#turn = turn;
    return turn;
  }

  #answered(turn: OpenTurn, ending: Ending): void {
    if (ending === 'cut') this.#socket.destroy();
    turn.onOver(ending);
    turn.onOver = () => {};
    if (ending === 'cut' || this.#turn !== turn) return;
    if (!turn.body.whole) {
      // A client that still waits to be told to send its body may send it, or may not: what comes next is unknown.
      if (turn.head.expectsContinue && !turn.continued && turn.body.received === 0)
        turn.answer.persistent = false;
      if (turn.answer.persistent) {
        this.#waitingSince = performance.now();
        turn.body.drop();
      }
    }
    this.#settle();
  }

  /** Ends the turn when its answer is out and its body read. */
  #settle(): void {
    const turn = this.#turn;
    if (turn === undefined || !turn.answer.over || this.#leaving) return;
    if (!turn.answer.persistent) {
      this.#linger();
      return;
    }
    if (this.#decoder?.done === false || this.#full) return;
    if (this.#socket.writableNeedDrain) {
      // Whoever asks without reading the answers would have them pile up here.
      this.#full = true;
      this.#socket.once('drain', () => {
        this.#full = false;
        this.#settle();
      });
      return;
    }
    this.#turn = undefined;
    this.#decoder = undefined;
    this.#waitingSince = undefined;
    if (this.#host.draining && this.#bytes === undefined) {
      this.leave();
      return;
    }
    this.#resume();
    if (this.#bytes !== undefined) this.#advance();
  }

  /** What the bytes of the connection were is unknown from here on. */
  #failed(error: unknown): void {
    const reason = error instanceof Malformed ? error : new Malformed('field', String(error));
    const turn = this.#turn;
    if (turn === undefined) {
      this.#refuse(reason);
      return;
    }
    this.#bytes = undefined;
    turn.answer.persistent = false;
    // An answer that is on its way already goes on to its end if it can, and the connection ends with it.
    if (!turn.answer.begun) this.#host.refuse(turn, reason);
    turn.body.gone();
    this.#settle();
  }

  /** Refuses what has not become a request. */
  #refuse(reason: Malformed): void {
    this.#bytes = undefined;
    const turn = this.#open({
      method: 'GET',
      target: '',
      version: '1.1',
      headers: new HeaderList(),
      framing: 0,
      persistent: false,
      expectsContinue: false,
      length: 0,
    });
    this.#host.refuse(turn, reason);
  }

  /** Lets the client read the answer before the connection goes: data that nobody reads would reset it. */
  #linger(): void {
    this.#leaving = true;
    this.#bytes = undefined;
    this.#resume();
    this.#socket.once('finish', () => {
      const end = setTimeout(() => this.#socket.destroy(), LINGER_MS);
      end.unref();
      this.#socket.once('close', () => clearTimeout(end));
    });
    this.#socket.end();
  }

  #end(): void {
    // What is on its way to the client still goes out; with it the connection ends.
    if (this.#leaving || this.idle || this.#turn?.answer.over === true) this.#socket.end();
    else this.#socket.destroy();
  }

  /** No byte has gone either way for long: that ends a connection, unless it is the upstream that is waited for. */
  #silent(): void {
    const turn = this.#turn;
    const clientIsSlow =
      turn === undefined || this.#socket.writableLength > 0 || (!turn.body.whole && !this.#paused);
    if (clientIsSlow) this.#socket.destroy();
    else this.#socket.setTimeout(SILENT_MS);
  }

  #closed(): void {
    const turn = this.#turn;
    this.#turn = undefined;
    this.#bytes = undefined;
    this.#leaving = true;
    this.#host.closed(this);
    if (turn === undefined) return;
    turn.answer.over = true;
    turn.onOver('cut');
    turn.onOver = () => {};
    turn.body.gone();
  }

  #giveAway(): { socket: Socket; rest: Buffer } {
    const rest = this.#bytes?.subarray(this.#at) ?? Buffer.alloc(0);
    this.#leaving = true;
    this.#turn = undefined;
    this.#socket.removeAllListeners('data').removeAllListeners('end').removeAllListeners('timeout');
    this.#socket.setTimeout(0);
    return { socket: this.#socket, rest };
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }
}

interface OpenTurn extends Turn {
  /** The client was told to send its body. */
  continued: boolean;
}
