import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { normalisePath } from '../../matching/normal-path.ts';
import type { GatewayObject } from '../../model/gateway.ts';
import { HeaderList } from './header-list.ts';
import { variable } from './variables.ts';

/** A consumer that an auth plugin has found, with everything that its plugins and later ones need of it. */
export interface Consumer {
  username: string;
  credentialId: string | undefined;
  groupId: string | undefined;
  value: GatewayObject;
}

export interface MatchedRoute {
  id: string;
  serviceId: string | undefined;
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

/** What goes back to the client. Plugins change it in their header_filter phase. */
export interface OutgoingResponse {
  status: number;
  headers: HeaderList;
  /** Replaces the body; the upstream's is dropped. */
  body: string | Buffer | undefined;
  /** True when the gateway answers itself, false when an upstream does. */
  fromGateway: boolean;
}

/** One request on its way through the gateway. */
export class Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** The path as routes match it: unescaped, without dot segments and doubled slashes (nginx's `$uri`). */
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
  /** Lower case, without port; empty when the client sent none. */
  readonly host: string;
  readonly remoteAddress: string;
  readonly startedAt = performance.now();
  readonly request: OutgoingRequest;
  route: MatchedRoute | undefined;
  /** The values of `:name` in the route's URI. */
  parameters: Record<string, string> | undefined;
  consumer: Consumer | undefined;
  response: OutgoingResponse | undefined;
  /** Milliseconds that the upstream took to its first byte. */
  upstreamLatencyMs: number | undefined;
  /** `host:port` of the node that was tried last. */
  upstreamAddress: string | undefined;
  /** The status of the upstream's answer, as it was before plugins changed it. */
  upstreamStatus: number | undefined;
  /** Set by client-control: a longer body is refused. */
  maxBodyBytes: number | undefined;
  bytesSent = 0;
  #arguments: URLSearchParams | undefined;
  #notes: Map<object, unknown> | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    const target = originForm(incoming.url ?? '/');
    const mark = target.indexOf('?');
    this.query = mark === -1 ? '' : target.slice(mark + 1);
    this.path = normalisePath(mark === -1 ? target : target.slice(0, mark));
    this.host = hostName(incoming.headers.host ?? '');
    this.remoteAddress = plainAddress(incoming.socket.remoteAddress ?? '');
    this.request = {
      method: incoming.method ?? 'GET',
      target,
      headers: new HeaderList(incoming.rawHeaders),
      host: undefined,
    };
  }

  get method(): string {
    return this.request.method;
  }

  variable(name: string): string | undefined {
    return variable(this, name);
  }

  get arguments(): URLSearchParams {
    this.#arguments ??= new URLSearchParams(this.query);
    return this.#arguments;
  }

  get scheme(): 'http' | 'https' {
    return 'encrypted' in this.incoming.socket ? 'https' : 'http';
  }

  get serverPort(): number {
    return (this.incoming.socket.address() as Partial<AddressInfo>).port ?? 0;
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

/** Clients may send the whole URL (RFC 9112, 3.2.2); the authority in it is what Host must say anyway. */
function originForm(url: string): string {
  if (url.startsWith('/') || url === '*') return url;
  const start = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url);
  if (start === null) return url;
  const rest = url.slice(start[0].length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function hostName(header: string): string {
  const end = header.startsWith('[') ? header.indexOf(']') + 1 : header.indexOf(':');
  return (end <= 0 ? header : header.slice(0, end)).toLowerCase();
}

/** `::ffff:127.0.0.1` is 127.0.0.1 seen through a dual-stack socket. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
