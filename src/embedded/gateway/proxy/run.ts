import { messageOf } from '../../../errors.ts';
import type { RequestHost } from '../../../matching/host.ts';
import type { RequestTarget } from '../../../matching/request-target.ts';
import type { Log } from '../../program.ts';
import { type Answer, errorPage, HTML, render } from '../answer.ts';
import { type BodyFilter, Exchange, type OutgoingResponse } from '../exchange.ts';
import { isBodiless } from '../http/answer-head.ts';
import { listOf } from '../http/fields.ts';
import { HeaderList } from '../http/header-list.ts';
import type { TrafficMetrics } from '../metrics.ts';
import type { Verdict } from '../plugin.ts';
import { Program, runUntilAnswer } from '../routing/program.ts';
import type { CompiledRoute, RouteTable } from '../routing/route-table.ts';
import { SERVER } from '../server-name.ts';
import type { Turn } from './client-connection.ts';
import { type Forwarded, type Forwarder, forward } from './forward.ts';
import type { Pools } from './pools.ts';

/** What all requests of a gateway share. */
export interface DataPlane {
  routes: RouteTable;
  pools: Pools;
  metrics: TrafficMetrics;
  log: Log;
  /** Set while it stands in for an APISIX that is down: each answer says so. */
  fallback?: boolean;
  /** How to cut the connections that went on in another protocol; they are no requests that end. */
  tunnels: Set<() => void>;
}

const NO_PLUGINS = new Program([]);
/** The one protocol that connections may go on in. */
const PROTOCOL = 'websocket';

/** One request with the plugins that are in force for it. Whatever is thrown on its way ends here. */
export class Run implements Forwarder {
  readonly exchange: Exchange;
  readonly turn: Turn;
  readonly #plane: DataPlane;
  readonly #global: Program;
  #own: Program = NO_PLUGINS;
  #route: CompiledRoute | undefined;
  #forwarded: Forwarded | undefined;
  #cut: (() => void) | undefined;
  #coding: BodyFilter | undefined;

  constructor(plane: DataPlane, turn: Turn, target: RequestTarget, host: RequestHost) {
    this.#plane = plane;
    this.turn = turn;
    this.exchange = new Exchange(turn.head, turn.body, turn.peer, target, host);
    this.#global = plane.routes.globalProgram;
  }

  start(): void {
    const { exchange, turn } = this;
    turn.onOver = () => this.#over();
    this.#guarded(() => {
      const verdict = after(this.#plane.routes.prepare(exchange), () => this.#begin());
      if (!(verdict instanceof Promise)) {
        this.#end(verdict);
        return;
      }
      verdict.then(
        (answer) => this.#guarded(() => this.#end(answer)),
        (error) => this.broken(error),
      );
    });
  }

  #begin(): Verdict {
    this.#route = this.#plane.routes.find(this.exchange);
    if (this.#route !== undefined) {
      this.#own = this.#route.program;
      this.#route.requests += 1;
    }
    return this.#phases(this.#global, () => this.#afterGlobal());
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
    const programs = this.#plane.routes.forConsumer(this.#route, exchange.consumer);
    if (programs === undefined) return runUntilAnswer(this.#own.access, exchange);
    this.#own = programs.merged;
    return after(runUntilAnswer(programs.added.rewrite, exchange), () =>
      runUntilAnswer(programs.merged.access, exchange),
    );
  }

  #end(answer: Answer | undefined): void {
    const { exchange, turn } = this;
    if (turn.answer.over) return;
    if (answer !== undefined) {
      this.#answer(answer);
      return;
    }
    const upstream = exchange.upstream ?? this.#route?.upstream;
    if (upstream?.balanced !== true) {
      this.log('warn', 'the route has no upstream to forward to', { route: this.#route?.id });
      this.#answer({ status: 502 });
      return;
    }
    if (
      exchange.maxBodyBytes !== undefined &&
      !turn.body.limit(exchange.maxBodyBytes, () => this.#tooLong())
    ) {
      this.#tooLong();
      return;
    }
    this.#forwarded = forward(this, upstream, this.#route?.timeouts);
  }

  /** More of the body has come than client-control lets through. */
  #tooLong(): void {
    this.#forwarded?.cancel();
    if (this.turn.answer.begun) this.turn.answer.cut();
    else this.fail(413, { Connection: 'close' });
  }

  get pools(): Pools {
    return this.#plane.pools;
  }

  get log(): Log {
    return this.#plane.log;
  }

  /** A route that does not let it through serves the request as one that did not ask (RFC 9110, 7.8). */
  get protocol(): string | undefined {
    const { head, body } = this.turn;
    if (this.#route?.websocket !== true || !body.empty || head.version === '1.0') return undefined;
    const { headers } = head;
    const asks =
      listOf(headers, 'connection').includes('upgrade') && listOf(headers, 'upgrade').includes(PROTOCOL);
    return asks ? PROTOCOL : undefined;
  }

  get filtersBody(): boolean {
    return this.#global.filtersBody || this.#own.filtersBody || this.#coding !== undefined;
  }

  filterBody(chunk: Buffer, last: boolean): Buffer | Promise<Buffer> {
    const { exchange } = this;
    const filtered = then(this.#global.bodyFilter(exchange, chunk, last), (piece) =>
      this.#own.bodyFilter(exchange, piece, last),
    );
    const coding = this.#coding;
    return coding === undefined ? filtered : then(filtered, (piece) => coding(piece, last));
  }

  filterHeaders(): void {
    this.#global.headerFilter(this.exchange);
    this.#own.headerFilter(this.exchange);
    const answered = this.exchange.response;
    this.#coding = answered?.coding?.(answered);
    if (this.#plane.fallback !== true) return;
    const { response } = this.exchange;
    response?.headers.set('X-QBTC-Proxy', 'fallback-active');
    response?.headers.set('X-Route-Requests', String(this.#route?.requests ?? 0));
  }

  fail(status: number, headers: Record<string, string> = {}): void {
    this.#guarded(() => this.#answer({ status, headers }));
  }

  /** Sends what the gateway itself has to say, past the same filters as an upstream's answer. */
  #answer(answer: Answer): void {
    if (this.turn.answer.begun || this.turn.answer.over) return;
    const { body, contentType } = render(answer);
    const headers = new HeaderList(['Content-Type', contentType, 'Server', SERVER]);
    if (answer.fields !== undefined) headers.replace(answer.fields);
    for (const [name, value] of Object.entries(answer.headers ?? {})) headers.put(name, value);
    const response = answered(answer.status, headers, body);
    this.exchange.response = response;
    this.filterHeaders();
    const bytes = Buffer.from(response.body ?? body);
    const filtered = this.filtersBody ? this.filterBody(bytes, true) : bytes;
    if (!(filtered instanceof Promise)) this.#send(filtered);
    else
      filtered.then(
        (piece) => this.#guarded(() => this.#send(piece)),
        (error) => this.broken(error),
      );
  }

  #send(bytes: Buffer): void {
    const { response } = this.exchange;
    const { answer } = this.turn;
    if (response === undefined || answer.begun || answer.over) return;
    if (!isBodiless(response.status)) response.headers.set('Content-Length', String(bytes.length));
    answer.begin(response.status, response.headers);
    if (this.turn.head.method !== 'HEAD') this.exchange.bytesSent = bytes.length;
    answer.write(bytes);
    answer.end();
  }

  tunnelled(end: (() => void) | undefined): void {
    if (this.#cut !== undefined) this.#plane.tunnels.delete(this.#cut);
    this.#cut = end;
    if (end === undefined) this.#over();
    else this.#plane.tunnels.add(end);
  }

  /** The answer is out, or the client went away. */
  #over(): void {
    this.#forwarded?.cancel();
    const { exchange } = this;
    const { status, sent } = this.turn.answer;
    exchange.answerBytes += sent;
    // A page of the gateway's own can have gone out where another answer was meant to.
    if (status !== undefined && status !== exchange.response?.status)
      exchange.response = answered(status, new HeaderList(), undefined);
    const failed = (error: unknown) =>
      this.log('error', `a plugin failed in its log phase: ${messageOf(error)}`);
    this.#global.log(exchange, failed);
    this.#own.log(exchange, failed);
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.broken(error);
    }
  }

  broken(error: unknown): void {
    const { answer } = this.turn;
    // Nobody waits for it any more; a plugin that read the body of a client that left ends here.
    if (answer.over) return;
    this.log('error', `a request failed in the gateway: ${messageOf(error)}`, {
      route: this.#route?.id,
      stack: error instanceof Error ? error.stack : undefined,
    });
    if (answer.begun) answer.cut();
    else sendPage(this.turn, 500);
  }
}

/** What the gateway itself says. */
function answered(status: number, headers: HeaderList, body: OutgoingResponse['body']): OutgoingResponse {
  return { ...{ status, headers, body }, fromGateway: true, lengthChanges: false, coding: undefined };
}

function then(
  piece: Buffer | Promise<Buffer>,
  next: (piece: Buffer) => Buffer | Promise<Buffer>,
): Buffer | Promise<Buffer> {
  return piece instanceof Promise ? piece.then(next) : next(piece);
}

/** Answers with a page of the gateway's own, past all plugins. */
export function sendPage(turn: Turn, status: number): void {
  const page = Buffer.from(errorPage(status));
  turn.answer.begin(
    status,
    new HeaderList(['Content-Type', HTML, 'Content-Length', String(page.length), 'Server', SERVER]),
  );
  turn.answer.write(page);
  turn.answer.end();
}

function after(verdict: Verdict, next: () => Verdict): Verdict {
  if (verdict === undefined) return next();
  return verdict instanceof Promise ? verdict.then((answer) => answer ?? next()) : verdict;
}
