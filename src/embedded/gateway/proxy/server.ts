import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../../errors.ts';
import type { Log } from '../../program.ts';
import { type Answer, errorPage, HTML, render, statusPhrase } from '../answer.ts';
import { Exchange } from '../exchange.ts';
import { HeaderList } from '../header-list.ts';
import type { TrafficMetrics } from '../metrics.ts';
import type { Verdict } from '../plugin.ts';
import { Program, runUntilAnswer } from '../routing/program.ts';
import type { CompiledRoute, RouteTable } from '../routing/route-table.ts';
import { SERVER } from '../server-name.ts';
import type { Certificates } from './certificates.ts';
import { type Forwarded, type Forwarder, forward } from './forward.ts';
import type { Pools } from './pools.ts';
import { forwardUpgrade, type Upgrade } from './upgrade.ts';

export interface ProxyOptions {
  routes: RouteTable;
  pools: Pools;
  metrics: TrafficMetrics;
  log: Log;
  /** Set while it stands in for an APISIX that is down: each answer says so. */
  fallback?: boolean;
  /** The client connections that went on in another protocol; they are no requests that end. */
  upgraded: Set<Duplex>;
}

const MAX_HEADER_BYTES = 32 * 1024;
/** nginx's `client_header_timeout` and `keepalive_timeout`. */
const HEADERS_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 75_000;
/** How long a client may take to send one whole request. */
const REQUEST_TIMEOUT_MS = 300_000;

const NO_PLUGINS = new Program([]);

const LIMITS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  insecureHTTPParser: false,
};

/** The data plane: matches a request, runs its plugins, forwards it. Framing is left to Node's strict parser. */
export function createProxyServer(options: ProxyOptions): Server {
  return prepared(options, createServer(LIMITS));
}

/** The same behind TLS, with the certificate of the name that the client asks for; without one there is no connection. */
export function createTlsProxyServer(options: ProxyOptions, certificates: Certificates): Server {
  const server = createTlsServer({
    ...LIMITS,
    minVersion: 'TLSv1.2',
    SNICallback(name, done) {
      const context = certificates.find(name);
      if (context === undefined) done(new Error(`no certificate for ${name}`));
      else done(null, context);
    },
  });
  // A handshake that fails concerns nobody but that client.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return prepared(options, server);
}

function prepared<S extends Server>(options: ProxyOptions, server: S): S {
  const begin: RequestListener = (request, response) => {
    options.metrics.countRequest();
    new Run(options, new Exchange(request, response)).start();
  };
  server.on('request', begin);
  // 100 is sent when the upstream begins to read the body: a request that is refused never has to send it.
  server.on('checkContinue', begin);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    options.metrics.countRequest();
    options.upgraded.add(socket);
    socket.once('close', () => options.upgraded.delete(socket));
    // Plugins and refusals answer on it as on any request.
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    new Run(options, new Exchange(request, response), { socket, head }).start();
  });
  server.on('clientError', refuseMalformed);
  server.on('connect', (_request, socket: Socket) => refuse(socket, 405));
  return server;
}

/** One request with the plugins that are in force for it. */
class Run implements Forwarder {
  readonly exchange: Exchange;
  readonly #options: ProxyOptions;
  readonly #global: Program;
  #own: Program = NO_PLUGINS;
  #route: CompiledRoute | undefined;
  #forwarded: Forwarded | undefined;
  readonly #upgrade: Upgrade | undefined;

  constructor(options: ProxyOptions, exchange: Exchange, upgrade?: Upgrade) {
    this.#options = options;
    this.exchange = exchange;
    this.#upgrade = upgrade;
    this.#global = options.routes.globalProgram;
  }

  start(): void {
    const exchange = this.exchange;
    exchange.outgoing.once('close', () => this.#closed());
    this.#guarded(() => {
      this.#route = this.#options.routes.find(exchange);
      if (this.#route !== undefined) {
        this.#own = this.#route.program;
        this.#route.requests += 1;
      }
      const verdict = this.#phases(this.#global, () => this.#afterGlobal());
      if (!(verdict instanceof Promise)) {
        this.#end(verdict);
        return;
      }
      verdict.then(
        (answer) => this.#guarded(() => this.#end(answer)),
        (error) => this.#broken(error),
      );
    });
  }

  /** rewrite, then access of one program, then what follows. */
  #phases(program: Program, next: () => Verdict): Verdict {
    if (program.steps.length === 0) return next();
    return after(runUntilAnswer(program.rewrite, this.exchange), () =>
      after(runUntilAnswer(program.access, this.exchange), next),
    );
  }

  #afterGlobal(): Verdict {
    if (this.#route === undefined) return { status: 404, body: { error_msg: '404 Route Not Found' } };
    if (this.#own.steps.length === 0) return undefined;
    return after(runUntilAnswer(this.#own.rewrite, this.exchange), () => this.#afterRewrite());
  }

  /** The consumer is known now, and with it the plugins that it brings. */
  #afterRewrite(): Verdict {
    const exchange = this.exchange;
    if (exchange.consumer === undefined || this.#route === undefined) {
      return runUntilAnswer(this.#own.access, exchange);
    }
    attachConsumer(exchange);
    const programs = this.#options.routes.forConsumer(this.#route, exchange.consumer);
    if (programs === undefined) return runUntilAnswer(this.#own.access, exchange);
    this.#own = programs.merged;
    return after(runUntilAnswer(programs.added.rewrite, exchange), () =>
      runUntilAnswer(programs.merged.access, exchange),
    );
  }

  #end(answer: Answer | undefined): void {
    if (this.exchange.outgoing.destroyed) return;
    if (answer !== undefined) {
      this.#answer(answer);
      return;
    }
    const { upstream, timeouts } = this.#route ?? {};
    if (upstream?.balanced !== true) {
      this.#options.log('warn', 'the route has no upstream to forward to', { route: this.#route?.id });
      this.#answer({ status: 502 });
      return;
    }
    // A route that does not let them through serves the request as one that did not ask (RFC 9110, 7.8).
    if (this.#upgrade !== undefined && this.#route?.websocket === true) {
      forwardUpgrade(this, upstream, this.#upgrade);
    } else {
      this.#forwarded = forward(this, upstream, timeouts);
    }
  }

  get pools(): Pools {
    return this.#options.pools;
  }

  get log(): Log {
    return this.#options.log;
  }

  get filtersBody(): boolean {
    return this.#global.filtersBody || this.#own.filtersBody;
  }

  filterBody(chunk: Buffer): Buffer {
    return this.#own.bodyFilter(this.exchange, this.#global.bodyFilter(this.exchange, chunk));
  }

  filterHeaders(): void {
    this.#global.headerFilter(this.exchange);
    this.#own.headerFilter(this.exchange);
    if (this.#options.fallback !== true) return;
    const { response } = this.exchange;
    response?.headers.set('X-QBTC-Proxy', 'fallback-active');
    response?.headers.set('X-Route-Requests', String(this.#route?.requests ?? 0));
  }

  fail(status: number, headers: Record<string, string> = {}): void {
    this.#answer({ status, headers });
  }

  /** Sends what the gateway itself has to say, past the same header filters as an upstream's response. */
  #answer(answer: Answer): void {
    const { outgoing } = this.exchange;
    const { body, contentType } = render(answer);
    const headers = new HeaderList(['Content-Type', contentType, 'Server', SERVER]);
    for (const [name, value] of Object.entries(answer.headers ?? {})) headers.add(name, value);
    const response = { status: answer.status, headers, body: body as string | Buffer, fromGateway: true };
    this.exchange.response = response;
    this.filterHeaders();
    const bytes = Buffer.from(response.body);
    headers.set('Content-Length', String(bytes.length));
    this.exchange.bytesSent = bytes.length;
    outgoing.writeHead(response.status, statusPhrase(response.status), headers.flat);
    outgoing.end(bytes);
  }

  /** The response is out, or the client went away. */
  #closed(): void {
    this.#forwarded?.cancel();
    // What is left of a body that nobody wanted must come off the connection before its next request can.
    if (!this.exchange.incoming.complete) this.exchange.incoming.resume();
    try {
      this.#global.log(this.exchange);
      this.#own.log(this.exchange);
    } catch (error) {
      this.#options.log('error', `a plugin failed in its log phase: ${messageOf(error)}`);
    }
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#broken(error);
    }
  }

  #broken(error: unknown): void {
    const { outgoing } = this.exchange;
    this.#options.log('error', `a request failed in the gateway: ${messageOf(error)}`, {
      route: this.#route?.id,
      stack: error instanceof Error ? error.stack : undefined,
    });
    if (outgoing.headersSent) outgoing.destroy();
    else {
      outgoing.writeHead(500, { 'Content-Type': HTML, Server: SERVER });
      outgoing.end(errorPage(500));
    }
  }
}

function after(verdict: Verdict, next: () => Verdict): Verdict {
  if (verdict === undefined) return next();
  return verdict instanceof Promise ? verdict.then((answer) => answer ?? next()) : verdict;
}

/** What APISIX tells the upstream about the consumer; the client cannot claim to be one. */
function attachConsumer(exchange: Exchange): void {
  const { consumer, request } = exchange;
  if (consumer === undefined) return;
  request.headers.set('X-Consumer-Username', consumer.username);
  if (consumer.credentialId === undefined) request.headers.remove('X-Credential-Identifier');
  else request.headers.set('X-Credential-Identifier', consumer.credentialId);
}

/** What Node's parser refuses: broken framing, both lengths at once, too many or too long fields. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  if (error.code === 'HPE_HEADER_OVERFLOW') refuse(socket, 431);
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refuse(socket, 408);
  else refuse(socket, 400);
}

function refuse(socket: Socket, status: number): void {
  const page = errorPage(status);
  socket.end(
    [
      `HTTP/1.1 ${status} ${statusPhrase(status)}`,
      `Content-Type: ${HTML}`,
      `Content-Length: ${Buffer.byteLength(page)}`,
      'Connection: close',
      `Server: ${SERVER}`,
      '',
      page,
    ].join('\r\n'),
    () => socket.destroySoon(),
  );
}
