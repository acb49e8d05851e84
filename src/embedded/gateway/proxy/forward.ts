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

/** The parts of the proxy that a forwarded request needs. */
export interface ForwardContext {
  pools: Pools;
  log: Log;
  /** Runs the header filters on `exchange.response`. */
  filterHeaders(exchange: Exchange): void;
  /** Runs the body filters; `undefined` when there are none. */
  filterBody: ((exchange: Exchange, chunk: Buffer) => Buffer) | undefined;
  /** Sends an error of the gateway's own. */
  fail(exchange: Exchange, status: number, headers?: Record<string, string>): void;
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
export function forward(
  context: ForwardContext,
  exchange: Exchange,
  upstream: Upstream,
  timeouts: Timeouts | undefined,
): void {
  new Forwarding(context, exchange, upstream, timeouts ?? upstream.timeouts).attempt();
}

class Forwarding implements Dispatcher.DispatchHandler {
  readonly #context: ForwardContext;
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
  #bodyBegan = false;
  #repeated = false;
  #over = false;
  #sentAt = 0;

  constructor(context: ForwardContext, exchange: Exchange, upstream: Upstream, timeouts: Timeouts) {
    this.#context = context;
    this.#exchange = exchange;
    this.#upstream = upstream;
    this.#timeouts = timeouts;
    this.#withBody = hasBody(exchange.incoming);
    exchange.outgoing.once('close', () => this.#clientGone());
  }

  attempt(): void {
    const node = this.#upstream.pick(this.#exchange, this.#tried);
    if (node === undefined) {
      this.#context.fail(this.#exchange, this.#upstream.nodes.length === 0 ? 503 : 502);
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
    this.#body = this.#withBody ? new RequestBody(this.#exchange.incoming) : undefined;
    this.#sentAt = performance.now();
    this.#context.pools.poolFor(this.#upstream, node, host).dispatch(
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
    _headers: IncomingHttpHeaders,
    statusMessage?: string,
  ): void {
    // 1xx: the final response is still to come.
    if (status < 200) return;
    const { outgoing } = this.#exchange;
    this.#exchange.upstreamLatencyMs = performance.now() - this.#sentAt;
    this.#statuses.push(status);
    const headers = responseHeaders(controller.rawHeaders as Buffer[]);
    headers.set('Server', SERVER);
    if (status >= 500) headers.set('X-APISIX-Upstream-Status', this.#statuses.join(', '));
    const response = { status, headers, body: undefined, fromGateway: false };
    this.#exchange.response = response;
    this.#context.filterHeaders(this.#exchange);
    this.#dropBody = response.body !== undefined;
    if (this.#context.filterBody !== undefined) headers.remove('Content-Length');
    const phrase = response.status === status ? (statusMessage ?? '') : '';
    if (phrase === '') outgoing.writeHead(response.status, headers.flat);
    else outgoing.writeHead(response.status, phrase, headers.flat);
    // A head that comes without the beginning of its body (SSE) must not wait for it; with it, one write serves both.
    process.nextTick(() => {
      if (!this.#over && !this.#bodyBegan) outgoing.flushHeaders();
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#dropBody) return;
    const { filterBody } = this.#context;
    const piece = filterBody === undefined ? chunk : filterBody(this.#exchange, chunk);
    const { outgoing } = this.#exchange;
    this.#exchange.bytesSent += piece.length;
    this.#bodyBegan = true;
    if (!outgoing.write(piece)) {
      controller.pause();
      outgoing.once('drain', () => controller.resume());
    }
  }

  onResponseEnd(): void {
    this.#finishNode();
    this.#over = true;
    const body = this.#exchange.response?.body;
    if (body === undefined) this.#exchange.outgoing.end();
    else this.#exchange.outgoing.end(body);
  }

  onResponseError(
    _controller: Dispatcher.DispatchController | undefined,
    error: Error & { code?: string },
  ): void {
    const node = this.#finishNode();
    if (this.#over) return;
    const { code = '' } = error;
    if (this.#exchange.response !== undefined) {
      // The client must see that its response is not whole.
      this.#over = true;
      this.#context.log('warn', `the upstream broke off: ${messageOf(error)}`, this.#about());
      this.#exchange.outgoing.destroy();
      return;
    }
    if (code === 'UND_ERR_INVALID_ARG') {
      this.#over = true;
      this.#context.fail(this.#exchange, 400);
      return;
    }
    const status = TIMED_OUT.has(code) ? 504 : 502;
    this.#statuses.push(status);
    this.#context.log('warn', `the upstream failed: ${messageOf(error)}`, this.#about());
    if (this.#again(node, error)) return;
    this.#over = true;
    this.#context.fail(this.#exchange, status, { 'X-APISIX-Upstream-Status': this.#statuses.join(', ') });
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

  #clientGone(): void {
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
function upstreamHeaders(exchange: Exchange, host: string): string[] {
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

function responseHeaders(raw: readonly Buffer[]): HeaderList {
  const flat: string[] = [];
  let connection: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString('latin1');
    const value = (raw[i + 1] as Buffer).toString('latin1');
    if (name.length === 10 && name.toLowerCase() === 'connection') connection = value;
    flat.push(name, value);
  }
  const dropped = connectionFields(connection);
  const headers = new HeaderList();
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    if (!dropped.has(name.toLowerCase())) headers.add(name, flat[i + 1] as string);
  }
  return headers;
}
