import type { RequestHost } from '../../matching/host.ts';
import type { RequestTarget } from '../../matching/request-target.ts';
import type { Parameters } from '../../matching/uri.ts';
import type { GatewayObject } from '../../model/gateway.ts';
import type { HeaderList } from './http/header-list.ts';
import type { RequestHead } from './http/request-head.ts';
import type { BodyCopy, RequestBody } from './proxy/request-body.ts';
import type { Upstream } from './proxy/upstream.ts';
import { clientAddress, forwardedFields } from './proxy/upstream-fields.ts';
import { QueryArguments } from './query-arguments.ts';
import { variable, variableValue } from './variables.ts';

/**
 * What the client sent, as it came; nothing changes it. Text from the wire has one character for each byte (latin1), so
 * that bytes leave as they came.
 */
export interface ClientRequest {
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly headers: HeaderList;
  readonly peer: Peer;
}

/** The two ends of the client's connection. */
export interface Peer {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly encrypted: boolean;
}

/** A consumer that an auth plugin has found, with everything that its plugins and later ones need of it. */
export interface Consumer {
  username: string;
  credentialId: string | undefined;
  groupId: string | undefined;
  value: GatewayObject;
  /** What the plugin that found it is configured with, at the consumer or in the credential; empty when none did. */
  auth: Readonly<Record<string, unknown>>;
}

export interface MatchedRoute {
  id: string;
  name: string | undefined;
  serviceId: string | undefined;
  serviceName: string | undefined;
  /** What it and what it refers to are configured with, by name. */
  plugins: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The `uri` of the route that matched, with its wildcards. */
  uri: string;
  /** The `host` of the route that matched; empty when it has none. */
  host: string;
}

/** What goes to the upstream. Plugins change it in their rewrite and access phases. */
export interface OutgoingRequest {
  method: string;
  /** Path and query as they stand in the request line. */
  target: string;
  headers: HeaderList;
  /** Set by proxy-rewrite: wins over the upstream's `pass_host`. */
  host: string | undefined;
}

/** Gives what to send in the place of a piece of a body; `last` comes once, at the end, with what is left or with nothing. */
export type BodyFilter = (chunk: Buffer, last: boolean) => Buffer | Promise<Buffer>;

/** What goes back to the client. Plugins change it in their header_filter phase. */
export interface OutgoingResponse {
  status: number;
  headers: HeaderList;
  /** Replaces the body; the upstream's is dropped. */
  body: string | Buffer | undefined;
  /** Set by whoever changes the body piece by piece: how long it will be is not known before. */
  lengthChanges: boolean;
  /** Set by a plugin (gzip): asked when all header filters have run for what the body goes through behind all others. */
  coding: ((response: OutgoingResponse) => BodyFilter | undefined) | undefined;
  /** True when the gateway answers itself, false when an upstream does. */
  fromGateway: boolean;
}

/** One request on its way through the gateway. */
export class Exchange {
  readonly client: ClientRequest;
  /** The path as routes match it: unescaped, without dot segments and doubled slashes (nginx's `$uri`). */
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
  /** Lower case, without port; empty when the client named none. */
  readonly host: string;
  /** The client's address, or the one that real-ip has found behind it. */
  remoteAddress: string;
  remotePort: number;
  readonly startedAt = performance.now();
  readonly request: OutgoingRequest;
  route: MatchedRoute | undefined;
  /** The values of `:name` in the route's URI. */
  parameters: Parameters | undefined;
  consumer: Consumer | undefined;
  response: OutgoingResponse | undefined;
  /** Set by a plugin (traffic-split): wins over the route's. */
  upstream: Upstream | undefined;
  /** Milliseconds that the upstream took to its first byte. */
  upstreamLatencyMs: number | undefined;
  /** Milliseconds that the upstream took to the last byte, or until it was given up. */
  upstreamResponseMs: number | undefined;
  /** `host:port` of the node that was tried last. */
  upstreamAddress: string | undefined;
  /** The `Host` that the upstream was asked with. */
  upstreamHost: string | undefined;
  /** The status of the upstream's answer, as it was before plugins changed it; of one that did not answer 502 or 504. */
  upstreamStatus: number | undefined;
  /** Set by opentelemetry, where variables are to have it: the W3C traceparent that goes to the upstream. */
  traceparent: string | undefined;
  /** Set by client-control: a longer body is refused. */
  maxBodyBytes: number | undefined;
  /** Bytes of the answer's body. */
  bytesSent = 0;
  /** Bytes of the answer, head and framing too; known when the exchange is over. */
  answerBytes = 0;
  #arguments: QueryArguments | undefined;
  #body: Promise<Buffer> | undefined;
  #notes: Map<object, unknown> | undefined;

  readonly #requestBody: RequestBody;
  readonly #headBytes: number;

  constructor(head: RequestHead, body: RequestBody, peer: Peer, target: RequestTarget, host: RequestHost) {
    const { method, version, headers } = head;
    this.client = { method, target: head.target, version, headers, peer };
    this.#requestBody = body;
    this.#headBytes = head.length;
    this.query = target.query;
    this.path = target.path;
    this.host = host.host;
    this.remoteAddress = clientAddress(headers, peer.remoteAddress);
    this.remotePort = peer.remotePort;
    const forwarded = forwardedFields(headers);
    if (target.authority !== undefined && host.field !== undefined) forwarded.set('Host', host.field);
    forwarded.add('X-Forwarded-Proto', this.scheme);
    forwarded.add('X-Forwarded-Host', this.host);
    forwarded.add('X-Forwarded-Port', String(this.serverPort));
    this.request = { method, target: target.forwarded, headers: forwarded, host: undefined };
  }

  get method(): string {
    return this.request.method;
  }

  /** Bytes of the request that have come: its head and, without what frames it, its body. */
  get requestBytes(): number {
    return this.#headBytes + this.#requestBody.received;
  }

  variable(name: string): string | undefined {
    return variable(this, name);
  }

  /** What an expression compares, which need not be text. */
  value(name: string): unknown {
    return variableValue(this, name);
  }

  /** The host with the port that Host names, for the routes that ask for one. */
  get hostAndPort(): string {
    return this.host + (/:\d+$/.exec(this.request.headers.get('host') ?? '')?.[0] ?? '');
  }

  /** Those of the query, unescaped. */
  get arguments(): QueryArguments {
    this.#arguments ??= new QueryArguments(this.query);
    return this.#arguments;
  }

  /**
   * Reads the whole body of the request, before anything of it has gone to the upstream, which gets the same bytes
   * afterwards.
   *
   * @throws RangeError when it is longer than `most` bytes
   */
  requestBody(most: number): Promise<Buffer> {
    this.#body ??= this.#requestBody.collect(most);
    return this.#body;
  }

  /** Puts other bytes in the place of the body that `requestBody` has read: the upstream gets them. */
  replaceBody(bytes: Buffer): void {
    this.#requestBody.replace(bytes);
    this.#body = Promise.resolve(bytes);
  }

  /**
   * Keeps a copy of the first `most` bytes of the request's body as it goes by; `undefined` for a request that has none. To be
   * asked for in the rewrite or the access phase.
   */
  copyRequestBody(most: number): BodyCopy | undefined {
    return this.#requestBody.empty ? undefined : this.#requestBody.copy(most);
  }

  get scheme(): 'http' | 'https' {
    return this.client.peer.encrypted ? 'https' : 'http';
  }

  get serverPort(): number {
    return this.client.peer.localPort;
  }

  /** What one phase of a plugin leaves for a later one, keyed by the plugin's instance. */
  note(key: object, value: unknown): void {
    this.#notes ??= new Map();
    this.#notes.set(key, value);
  }

  noted(key: object): unknown {
    return this.#notes?.get(key);
  }
}
