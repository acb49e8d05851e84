import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { messageOf } from '../../../errors.ts';
import type { Log } from '../../program.ts';
import type { Exchange } from '../exchange.ts';
import { HeaderList } from '../header-list.ts';
import { SERVER } from '../server-name.ts';
import { connectionFields } from './hop-by-hop.ts';
import type { Pools } from './pools.ts';
import { hasBody, RequestBody } from './request-body.ts';
import type { Timeouts, Upstream, UpstreamNode } from './upstream.ts';

/** What a forwarded request needs of the one who forwards it. */
export interface Forwarder {
  readonly exchange: Exchange;
  readonly pools: Pools;
  readonly log: Log;
  /** Runs the header filters on `exchange.response`. */
  filterHeaders(): void;
  /** Whether `filterBody` is to be called at all. */
  readonly filtersBody: boolean;
  filterBody(chunk: Buffer): Buffer;
  /** Sends an error of the gateway's own. */
  fail(status: number, headers?: Record<string, string>): void;
}

/** A request on its way to an upstream. */
export interface Forwarded {
  /** Nobody waits for the response any more: aborts what is under way. Does nothing when it is over. */
  cancel(): void;
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
const TIMED_OUT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT']);
/** Fields of the request that the gateway sets itself. */
const OWN = new Set([
  'host',
  'expect',
  'x-real-ip',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
]);

/** Sends the request to a node of the upstream, or to the next ones while that is safe, and the response back. */
export function forward(forwarder: Forwarder, upstream: Upstream, timeouts: Timeouts | undefined): Forwarded {
  const forwarding = new Forwarding(forwarder, upstream, timeouts ?? upstream.timeouts);
  forwarding.attempt();
  return forwarding;
}

/** Bodies up to this size are sent together with their head. */
const WHOLE_BYTES = 16 * 1024;

/**
 * Runs when undici has handed over everything that had arrived: what is not whole by then must not wait for the
 * rest (SSE).
 */
const flush = (forwarding: Forwarding) => forwarding.flush();

class Forwarding implements Dispatcher.DispatchHandler, Forwarded {
  readonly #forwarder: Forwarder;
  readonly #exchange: Exchange;
  readonly #upstream: Upstream;
  readonly #timeouts: Timeouts;
  readonly #tried: UpstreamNode[] = [];
  /** What each try came to, as in nginx's `$upstream_status`. */
  readonly #statuses: number[] = [];
  readonly #withBody: boolean;
  #node: UpstreamNode | undefined;
  #body: RequestBody | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #dropBody = false;
  /** The beginning of the body, while it may turn out to be all of it. */
  #held: Buffer | undefined;
  #flushed = false;
  #repeated = false;
  #over = false;
  #sentAt = 0;

  constructor(forwarder: Forwarder, upstream: Upstream, timeouts: Timeouts) {
    this.#forwarder = forwarder;
    this.#exchange = forwarder.exchange;
    this.#upstream = upstream;
    this.#timeouts = timeouts;
    this.#withBody = hasBody(forwarder.exchange.incoming);
  }

  attempt(): void {
    const node = this.#upstream.pick(this.#exchange, this.#tried);
    if (node === undefined) {
      this.#forwarder.fail(this.#upstream.nodes.length === 0 ? 503 : 502);
      return;
    }
    this.#tried.push(node);
    this.#dispatch(node);
  }

  #dispatch(node: UpstreamNode): void {
    const { request } = this.#exchange;
    this.#node = node;
    node.inFlight++;
    this.#exchange.upstreamAddress = `${node.host}:${node.port}`;
    const host = this.#upstream.hostFor(node, this.#exchange);
    this.#body = this.#withBody ? new RequestBody(this.#exchange) : undefined;
    this.#sentAt = performance.now();
    this.#forwarder.pools.poolFor(this.#upstream, node, host).dispatch(
      {
        method: request.method as Dispatcher.HttpMethod,
        path: request.target,
        headers: upstreamHeaders(this.#exchange, host),
        body: this.#body ?? null,
        headersTimeout: this.#timeouts.read * 1000,
        bodyTimeout: this.#timeouts.read * 1000,
      },
      this,
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('the client went away'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    fields: IncomingHttpHeaders,
    statusMessage?: string,
  ): void {
    // 1xx: the final response is still to come.
    if (status < 200) return;
    const { outgoing } = this.#exchange;
    this.#exchange.upstreamLatencyMs = performance.now() - this.#sentAt;
    this.#statuses.push(status);
    this.#exchange.upstreamStatus = status;
    if (this.#node !== undefined) this.#upstream.health?.report(this.#node, { status });
    const headers = responseHeaders(controller.rawHeaders as Buffer[], fields.connection);
    headers.set('Server', SERVER);
    if (status >= 500) headers.set('X-APISIX-Upstream-Status', this.#statuses.join(', '));
    const response = { status, headers, body: undefined, fromGateway: false };
    this.#exchange.response = response;
    this.#forwarder.filterHeaders();
    this.#dropBody = response.body !== undefined;
    if (this.#forwarder.filtersBody) headers.remove('Content-Length');
    const phrase = response.status === status ? (statusMessage ?? '') : '';
    if (phrase === '') outgoing.writeHead(response.status, headers.flat);
    else outgoing.writeHead(response.status, phrase, headers.flat);
    process.nextTick(flush, this);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#dropBody) return;
    const piece = this.#forwarder.filtersBody ? this.#forwarder.filterBody(chunk) : chunk;
    this.#exchange.bytesSent += piece.length;
    if (!this.#flushed && this.#held === undefined) {
      this.#held = piece;
      return;
    }
    this.flush();
    this.#write(piece);
  }

  /** Sends what has come so far: the head, and the beginning of the body if it came with it. */
  flush(): void {
    if (this.#flushed || this.#over) return;
    this.#flushed = true;
    if (this.#held === undefined) this.#exchange.outgoing.flushHeaders();
    else this.#write(this.#held);
    this.#held = undefined;
  }

  #write(piece: Buffer): void {
    if (this.#exchange.outgoing.write(piece)) return;
    this.#controller?.pause();
    this.#exchange.outgoing.once('drain', () => this.#controller?.resume());
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers?: IncomingHttpHeaders): void {
    this.#finishNode();
    this.#over = true;
    const { outgoing, response } = this.#exchange;
    if (trailers !== undefined && Object.keys(trailers).length > 0) this.#addTrailers(trailers);
    if (response?.body !== undefined) outgoing.end(response.body);
    else if (this.#held === undefined) outgoing.end();
    // As a string a whole small body goes out in one piece with its head; latin1 keeps every byte.
    else if (this.#held.length <= WHOLE_BYTES) outgoing.end(this.#held.toString('latin1'), 'latin1');
    else outgoing.end(this.#held);
  }

  /** Only a chunked response can have them, and only a client that said so gets them (RFC 9110, 6.5.1). */
  #addTrailers(trailers: IncomingHttpHeaders): void {
    const { outgoing, incoming } = this.#exchange;
    const wanted = /\btrailers\b/i.test(String(incoming.headers.te ?? ''));
    if (!wanted || outgoing.hasHeader('content-length')) return;
    if (this.#held !== undefined) this.flush();
    outgoing.addTrailers(
      Object.entries(trailers).flatMap(([name, value]) =>
        [value ?? []].flat().map((each): [string, string] => [name, each]),
      ),
    );
  }

  onResponseError(
    _controller: Dispatcher.DispatchController | undefined,
    error: Error & { code?: string },
  ): void {
    const node = this.#finishNode();
    if (this.#body?.abandoned === true) this.#over = true;
    if (this.#over) return;
    if (this.#body?.tooLong === true && this.#exchange.response === undefined) {
      this.#over = true;
      this.#forwarder.fail(413, { Connection: 'close' });
      return;
    }
    const { code = '' } = error;
    if (this.#exchange.response !== undefined) {
      // The client must see that its response is not whole.
      this.#over = true;
      this.#forwarder.log('warn', `the upstream broke off: ${messageOf(error)}`, this.#about());
      this.#exchange.outgoing.destroy();
      return;
    }
    if (code === 'UND_ERR_INVALID_ARG') {
      this.#over = true;
      this.#forwarder.fail(400);
      return;
    }
    const status = TIMED_OUT.has(code) ? 504 : 502;
    if (node !== undefined) this.#upstream.health?.report(node, status === 504 ? 'timeout' : 'refused');
    this.#statuses.push(status);
    this.#forwarder.log('warn', `the upstream failed: ${messageOf(error)}`, this.#about());
    if (this.#again(node, error)) return;
    this.#over = true;
    this.#forwarder.fail(status, { 'X-APISIX-Upstream-Status': this.#statuses.join(', ') });
  }

  /** Tries once more when nothing of this request can have had an effect yet, or repeating it has none. */
  #again(node: UpstreamNode | undefined, error: Error & { code?: string }): boolean {
    const sent = this.#controller !== undefined;
    if (this.#body?.started === true) return false;
    if (sent && (this.#body !== undefined || !IDEMPOTENT.has(this.#exchange.request.method))) return false;
    this.#controller = undefined;
    if (node !== undefined && !this.#repeated && sent && wasKept(error)) {
      // The node closed a kept connection just as it was used again: that says nothing about the node.
      this.#repeated = true;
      this.#statuses.pop();
      this.#dispatch(node);
      return true;
    }
    const elapsed = performance.now() - this.#exchange.startedAt;
    const { retries, retryTimeoutMs } = this.#upstream;
    if (this.#tried.length > retries || (retryTimeoutMs > 0 && elapsed >= retryTimeoutMs)) return false;
    if (this.#tried.length >= this.#upstream.nodes.length) return false;
    this.attempt();
    return true;
  }

  /** The node that the last try went to; it is no longer busy with it. */
  #finishNode(): UpstreamNode | undefined {
    const node = this.#node;
    this.#node = undefined;
    if (node !== undefined) node.inFlight--;
    return node;
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#body?.destroy();
    this.#controller?.abort(new Error('the client went away'));
  }

  #about(): Record<string, unknown> {
    return {
      route: this.#exchange.route?.id,
      node: this.#exchange.upstreamAddress,
      status: this.#statuses.at(-1),
    };
  }
}

const LOST_CONNECTION = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** True when the connection ended that may have been one kept from an earlier request. */
function wasKept(error: Error & { code?: string; socket?: { bytesRead?: number } }): boolean {
  if (!LOST_CONNECTION.has(error.code ?? '')) return false;
  return error.socket === undefined || error.socket === null || (error.socket.bytesRead ?? 0) > 0;
}

/** The client's fields without those of its connection, and what APISIX tells upstreams about the client. */
export function upstreamHeaders(exchange: Exchange, host: string): string[] {
  const { flat } = exchange.request.headers;
  const dropped = connectionFields(exchange.incoming.headers.connection);
  const headers: string[] = ['Host', host];
  let forwardedFor = exchange.remoteAddress;
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    const value = flat[i + 1] as string;
    const lower = name.toLowerCase();
    if (lower === 'x-forwarded-for') forwardedFor = `${value}, ${forwardedFor}`;
    else if (!OWN.has(lower) && !dropped.has(lower)) headers.push(name, value);
  }
  headers.push(
    ...['X-Real-IP', exchange.remoteAddress],
    ...['X-Forwarded-For', forwardedFor],
    ...['X-Forwarded-Proto', exchange.scheme],
    ...['X-Forwarded-Host', exchange.host],
    ...['X-Forwarded-Port', String(exchange.serverPort)],
  );
  return headers;
}

function responseHeaders(raw: readonly Buffer[], connection: string | undefined): HeaderList {
  const dropped = connectionFields(connection);
  const headers = new HeaderList();
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString('latin1');
    if (dropped.has(name.toLowerCase())) continue;
    headers.flat.push(name, (raw[i + 1] as Buffer).toString('latin1'));
  }
  return headers;
}
