import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { SERVER } from '../server-name.ts';
import type { Forwarder } from './forward.ts';
import { upstreamHeaders } from './forward.ts';
import type { Upstream } from './upstream.ts';

/** A client's request to go on in another protocol (WebSocket), with the connection that it came on. */
export interface Upgrade {
  socket: Duplex;
  /** What the client sent after its request. */
  head: Buffer;
}

/**
 * Passes an upgrade on to a node and, when that agrees, joins the two connections. An answer other than 101 goes back as
 * any other.
 */
export function forwardUpgrade(forwarder: Forwarder, upstream: Upstream, { socket, head }: Upgrade): void {
  const { exchange } = forwarder;
  const node = upstream.pick(exchange, []);
  if (node === undefined) {
    forwarder.fail(upstream.nodes.length === 0 ? 503 : 502);
    return;
  }
  exchange.upstreamAddress = `${node.host}:${node.port}`;
  const { request } = exchange;
  const fields = upstreamHeaders(exchange, upstream.hostFor(node, exchange));
  fields.push('Connection', 'Upgrade', 'Upgrade', exchange.incoming.headers.upgrade ?? 'websocket');
  const send = upstream.scheme === 'https' ? requestHttps : requestHttp;
  const outgoing = send({
    host: node.host.replace(/^\[|\]$/g, ''),
    port: node.port,
    method: request.method,
    path: request.target,
    headers: fields as never,
    agent: false,
    timeout: upstream.timeouts.read * 1000,
    rejectUnauthorized: upstream.verifyTls,
    setHost: false,
  });
  outgoing.once('upgrade', (response, upstreamSocket, upstreamHead) => {
    node.inFlight++;
    exchange.upstreamStatus = 101;
    forwarder.log('debug', 'upgraded', { route: exchange.route?.id, node: exchange.upstreamAddress });
    socket.write(headOf(response));
    upstreamSocket.setTimeout(0);
    if (upstreamHead.length > 0) socket.write(upstreamHead);
    if (head.length > 0) upstreamSocket.write(head);
    join(socket, upstreamSocket, () => {
      node.inFlight--;
    });
  });
  outgoing.once('response', (response) => {
    exchange.upstreamStatus = response.statusCode;
    const { outgoing: answer } = exchange;
    answer.writeHead(response.statusCode ?? 502, {
      ...response.headers,
      connection: 'close',
      server: SERVER,
    });
    response.pipe(answer);
  });
  outgoing.once('timeout', () =>
    outgoing.destroy(Object.assign(new Error('timed out'), { code: 'TIMEOUT' })),
  );
  outgoing.once('error', (error: NodeJS.ErrnoException) => {
    if (exchange.outgoing.headersSent || socket.destroyed) socket.destroy();
    else forwarder.fail(error.code === 'TIMEOUT' ? 504 : 502);
  });
  socket.once('close', () => outgoing.destroy());
  outgoing.end();
}

/** The head of the 101 as the upstream sent it: what it negotiated is between it and the client. */
function headOf({ rawHeaders, statusMessage }: IncomingMessage): string {
  const lines = [`HTTP/1.1 101 ${statusMessage || 'Switching Protocols'}`];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Each end's bytes go to the other, at the pace of the slower one; when one ends, so does the other. */
function join(a: Duplex, b: Duplex, over: () => void): void {
  let open = true;
  const end = () => {
    if (!open) return;
    open = false;
    over();
    a.destroy();
    b.destroy();
  };
  a.on('error', end).on('close', end).pipe(b);
  b.on('error', end).on('close', end).pipe(a);
}
