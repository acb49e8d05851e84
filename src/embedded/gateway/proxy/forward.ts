import type { Log } from '../../program.ts';
import type { Exchange, OutgoingResponse } from '../exchange.ts';
import { type AnswerHead, isBodiless } from '../http/answer-head.ts';
import { listOf } from '../http/fields.ts';
import type { HeaderList } from '../http/header-list.ts';
import { SERVER } from '../server-name.ts';
import { Attempts, isTimeout } from './attempts.ts';
import { BodyPipe } from './body-pipe.ts';
import type { Turn } from './client-connection.ts';
import { addressOf } from './node-address.ts';
import type { Pools } from './pools.ts';
import { requestHead } from './request-head.ts';
import { tunnel } from './tunnel.ts';
import type { Timeouts, Upstream, UpstreamNode } from './upstream.ts';
import type { AnswerReceiver, Failure, UpstreamConnection } from './upstream-connection.ts';
import { withoutHopByHop } from './upstream-fields.ts';

/** What a forwarded request needs of the one who forwards it. */
export interface Forwarder {
  readonly exchange: Exchange;
  readonly turn: Turn;
  readonly pools: Pools;
  readonly log: Log;
  /** The protocol that the client wants to go on in, where the route lets it. */
  readonly protocol: string | undefined;
  /** Runs the header filters on `exchange.response`. */
  filterHeaders(): void;
  /** Whether `filterBody` is to be called at all. */
  readonly filtersBody: boolean;
  filterBody(chunk: Buffer, last: boolean): Buffer | Promise<Buffer>;
  /** Sends an error of the gateway's own. */
  fail(status: number, headers?: Record<string, string>): void;
  /** Ends the exchange for an error in the gateway itself. */
  broken(error: unknown): void;
  /** The connection goes on in another protocol: `end` cuts it. Called again, with nothing, when that is over. */
  tunnelled(end: (() => void) | undefined): void;
}

/** A request on its way to an upstream. */
export interface Forwarded {
  /** Nobody waits for the answer any more: aborts what is under way. Does nothing when it is over. */
  cancel(): void;
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
const NOTHING = Buffer.alloc(0);

/** Sends the request to a node of the upstream, or to the next ones while that is safe, and the answer back. */
export function forward(forwarder: Forwarder, upstream: Upstream, timeouts: Timeouts | undefined): Forwarded {
  const forwarding = new Forwarding(forwarder, upstream, timeouts ?? upstream.timeouts);
  forwarding.attempt();
  return forwarding;
}

class Forwarding implements AnswerReceiver, Forwarded {
  readonly #forwarder: Forwarder;
  readonly #exchange: Exchange;
  readonly #turn: Turn;
  readonly #upstream: Upstream;
  readonly #timeouts: Timeouts;
  readonly #attempts: Attempts;
  #node: UpstreamNode | undefined;
  #connection: UpstreamConnection | undefined;
  #pipe: BodyPipe | undefined;
  #dropsBody = false;
  #over = false;
  #sentAt = 0;
  /** The client is waited for to take what was written. */
  #draining = false;
  /** How many wait for the upstream to be read on. */
  #holds = 0;

  constructor(forwarder: Forwarder, upstream: Upstream, timeouts: Timeouts) {
    this.#forwarder = forwarder;
    this.#exchange = forwarder.exchange;
    this.#turn = forwarder.turn;
    this.#upstream = upstream;
    this.#timeouts = timeouts;
    this.#attempts = new Attempts(forwarder.exchange, upstream);
  }

  attempt(): void {
    const node = this.#attempts.first();
    if (node === undefined) {
      this.#over = true;
      this.#forwarder.fail(this.#upstream.nodes.length === 0 ? 503 : 502);
      return;
    }
    this.#dispatch(node);
  }

  /** @param anew over a connection that has carried nothing yet */
  #dispatch(node: UpstreamNode, anew = false): void {
    const host = this.#upstream.hostFor(node, this.#exchange);
    const head = this.#headFor(host);
    if (head === undefined) {
      this.#over = true;
      this.#forwarder.fail(400);
      return;
    }
    this.#node = node;
    node.inFlight++;
    this.#exchange.upstreamAddress = addressOf(node);
    this.#exchange.upstreamHost = host;
    this.#sentAt = performance.now();
    const { body } = this.#turn;
    const { pools } = this.#forwarder;
    const connection = pools[anew ? 'connect' : 'take'](this.#upstream, node, host);
    this.#connection = connection;
    connection.send(
      {
        method: this.#exchange.request.method,
        head,
        body: body.empty ? undefined : body,
        upgrade: this.#forwarder.protocol !== undefined,
        idleMs: this.#timeouts.read * 1000,
      },
      this,
    );
  }

  #headFor(host: string): string | undefined {
    try {
      return requestHead(this.#exchange, this.#turn.body, host, this.#forwarder.protocol);
    } catch (error) {
      this.#forwarder.log('warn', `a request cannot be sent on: ${(error as Error).message}`, this.#about());
      return undefined;
    }
  }

  onInformation(head: AnswerHead): void {
    if (this.#over) return;
    this.#turn.answer.inform(head.status, withoutHopByHop(head.headers));
  }

  onHead(head: AnswerHead): void {
    if (this.#over) return;
    try {
      this.#begin(head);
    } catch (error) {
      this.cancel();
      this.#forwarder.broken(error);
    }
  }

  #begin(head: AnswerHead): void {
    const { status } = head;
    const exchange = this.#exchange;
    exchange.upstreamLatencyMs = performance.now() - this.#sentAt;
    exchange.upstreamStatus = status;
    this.#attempts.answered(status);
    if (this.#node !== undefined) this.#upstream.health?.report(this.#node, { status });
    const headers = withoutHopByHop(head.headers);
    if (isBodiless(status) && status !== 304) headers.remove('Content-Length');
    headers.set('Server', SERVER);
    if (status >= 500) headers.set('X-APISIX-Upstream-Status', this.#attempts.statuses);
    const response: OutgoingResponse = {
      ...{ status, headers, body: undefined, fromGateway: false, lengthChanges: false, coding: undefined },
    };
    exchange.response = response;
    this.#forwarder.filterHeaders();
    const phrase = response.status === status ? head.phrase : undefined;
    if (status === 101) {
      this.#switch(listOf(head.headers, 'upgrade')[0], response.headers, head.phrase);
      return;
    }
    if (response.body !== undefined) {
      this.#dropsBody = true;
      headers.set('Content-Length', String(Buffer.byteLength(response.body)));
    } else if (response.status !== status && (isBodiless(status) || isBodiless(response.status))) {
      // The length was that of a body which there is not, or not any more.
      this.#dropsBody = true;
      headers.remove('Content-Length');
    }
    if (response.lengthChanges) headers.remove('Content-Length');
    if (this.#forwarder.filtersBody) {
      this.#pipe = new BodyPipe((chunk, last) => this.#forwarder.filterBody(chunk, last), {
        write: (piece) => this.#write(piece),
        end: (trailers) => this.#end(trailers),
        failed: (error) => {
          this.cancel();
          this.#forwarder.broken(error);
        },
        hold: () => this.#hold(),
        release: () => this.#release(),
      });
    }
    this.#turn.answer.begin(response.status, response.headers, phrase);
  }

  onData(chunk: Buffer): void {
    if (this.#over || this.#dropsBody) return;
    if (this.#pipe === undefined) this.#write(chunk);
    else this.#pipe.push(chunk);
  }

  onFlush(): void {
    if (this.#over) return;
    const { answer } = this.#turn;
    answer.flush();
    if (!answer.full || this.#draining) return;
    this.#draining = true;
    this.#hold();
    answer.onceDrained(() => {
      this.#draining = false;
      this.#release();
    });
  }

  onEnd(trailers: HeaderList | undefined): void {
    const node = this.#finishNode();
    if (node !== undefined) this.#upstream.after(node, this.#exchange.upstreamResponseMs ?? 0);
    this.#connection = undefined;
    if (this.#over) return;
    const { response } = this.#exchange;
    const rest = response?.body === undefined ? NOTHING : Buffer.from(response.body);
    if (this.#pipe !== undefined) {
      this.#pipe.finish(rest, trailers);
      return;
    }
    this.#write(rest);
    this.#end(trailers);
  }

  #write(piece: Buffer): void {
    if (this.#over) return;
    this.#exchange.bytesSent += piece.length;
    this.#turn.answer.write(piece);
  }

  #end(trailers: HeaderList | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#turn.answer.end(trailers);
  }

  #hold(): void {
    this.#holds++;
    this.#connection?.pause();
  }

  #release(): void {
    this.#holds--;
    if (this.#holds === 0) this.#connection?.resume();
    this.#turn.answer.flush();
  }

  /** Both sides go on in the other protocol; the exchange is over when one of them ends. */
  #switch(agreed: string | undefined, headers: HeaderList, phrase: string): void {
    const { protocol } = this.#forwarder;
    const connection = this.#connection;
    if (protocol === undefined || agreed !== protocol || connection === undefined)
      throw new Error('the upstream goes on in a protocol that nobody asked for');
    this.#turn.answer.switchTo(protocol, headers, phrase);
    this.#over = true;
    const client = this.#turn.takeOver();
    this.#forwarder.log('debug', 'upgraded', {
      route: this.#exchange.route?.id,
      node: this.#exchange.upstreamAddress,
    });
    const before = client.socket.bytesWritten;
    this.#forwarder.tunnelled(() => client.socket.destroy());
    tunnel(client, connection, () => {
      this.#finishNode();
      const tunnelled = client.socket.bytesWritten - before;
      this.#exchange.bytesSent += tunnelled;
      this.#exchange.answerBytes += tunnelled;
      this.#forwarder.tunnelled(undefined);
    });
  }

  onFailure(failure: Failure, reason: string): void {
    const node = this.#finishNode();
    // A node closes kept connections when it likes, also just as one is used again: that says nothing about the node.
    const stale = failure === 'closed' && (this.#connection?.requests ?? 0) > 1;
    this.#connection = undefined;
    if (this.#over) return;
    if (this.#exchange.response !== undefined) {
      // The client must see that its answer is not whole.
      this.#over = true;
      this.#forwarder.log('warn', `the upstream broke off: ${reason}`, this.#about());
      this.#turn.answer.flush();
      this.#turn.answer.cut();
      return;
    }
    const repeatable = this.#isRepeatable(failure);
    if (stale && repeatable && node !== undefined) {
      this.#dispatch(node, true);
      return;
    }
    if (failure !== 'unresolved' && node !== undefined && !stale)
      this.#upstream.health?.report(node, isTimeout(failure) ? 'timeout' : 'refused');
    this.#attempts.failed(failure);
    this.#forwarder.log('warn', `the upstream failed: ${reason}`, this.#about());
    const next = repeatable ? this.#attempts.next(failure) : undefined;
    if (next !== undefined) {
      this.#dispatch(next);
      return;
    }
    this.#over = true;
    const status = this.#attempts.lastStatus;
    // As nginx tells it: what stands for an upstream that did not answer.
    this.#exchange.upstreamStatus = status;
    if (status === undefined) this.#forwarder.fail(503);
    else this.#forwarder.fail(status, { 'X-APISIX-Upstream-Status': this.#attempts.statuses });
  }

  /** Whether nothing of this request can have had an effect yet, or repeating it has none. */
  #isRepeatable(failure: Failure): boolean {
    const { body } = this.#turn;
    if (body.started) return false;
    const sent = failure !== 'unresolved' && failure !== 'connect' && failure !== 'connect-timeout';
    return !sent || (body.empty && IDEMPOTENT.has(this.#exchange.request.method));
  }

  /** The node that the last try went to; it is no longer busy with it. */
  #finishNode(): UpstreamNode | undefined {
    const node = this.#node;
    this.#node = undefined;
    if (node === undefined) return undefined;
    node.inFlight--;
    this.#exchange.upstreamResponseMs = performance.now() - this.#sentAt;
    return node;
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#finishNode();
    this.#connection?.abort();
    this.#connection = undefined;
  }

  #about(): Record<string, unknown> {
    return {
      route: this.#exchange.route?.id,
      node: this.#exchange.upstreamAddress,
      status: this.#attempts.lastStatus,
    };
  }
}
