import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { hostOf } from '../../../matching/host.ts';
import { requestTarget } from '../../../matching/request-target.ts';
import type { Peer } from '../exchange.ts';
import { Malformed } from '../http/malformed.ts';
import { DRAIN_MS } from '../listening.ts';
import type { ConnectionStates } from '../metrics.ts';
import type { Certificates } from './certificates.ts';
import { ClientConnection, type Host, type Turn } from './client-connection.ts';
import { type DataPlane, Run, sendPage } from './run.ts';

/** A port of the data plane. */
export interface ProxyServer {
  readonly server: Server;
  /** Takes a connection that another process has accepted, before anything was read from it. */
  take(socket: Socket): void;
  /** Takes no more connections, lets requests in flight end, then cuts what is left. */
  close(): Promise<void>;
  /** What its connections do at the moment. */
  states(): ConnectionStates;
}

const CHECK_MS = 1_000;

/** The data plane: matches a request, runs its plugins, forwards it. */
export function createProxyServer(plane: DataPlane): ProxyServer {
  return new Port(plane, createServer({ allowHalfOpen: true, noDelay: true }), 'connection');
}

/** The same behind TLS, with the certificate of the name that the client asks for; without one there is no connection. */
export function createTlsProxyServer(
  plane: DataPlane,
  certificates: Certificates,
  ticketKeys: Buffer | undefined,
): ProxyServer {
  const server = createTlsServer({
    ...(ticketKeys === undefined ? {} : { ticketKeys }),
    allowHalfOpen: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    SNICallback(name, done) {
      const context = certificates.find(name);
      if (context === undefined) done(new Error(`no certificate for ${name}`));
      else done(null, context);
    },
  });
  // Before anybody reads from it.
  server.on('secureConnection', (socket) => {
    if (!certificates.allows(String(socket.servername), socket.getProtocol() ?? '')) socket.destroy();
  });
  // A handshake that fails concerns nobody but that client.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return new Port(plane, server, 'secureConnection');
}

class Port implements ProxyServer, Host {
  readonly server: Server;
  draining = false;
  readonly #plane: DataPlane;
  readonly #connections = new Set<ClientConnection>();
  /** Those of the connections, and of clients that are not through with TLS yet. */
  readonly #sockets = new Set<Socket>();
  readonly #checks: NodeJS.Timeout;
  #emptied: (() => void) | undefined;

  constructor(plane: DataPlane, server: Server, event: 'connection' | 'secureConnection') {
    this.#plane = plane;
    this.server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on(event, (socket: Socket) => {
      plane.metrics.countConnection();
      const connection = new ClientConnection(socket, this, peerOf(socket));
      this.#connections.add(connection);
      if (this.draining) connection.leave();
    });
    this.#checks = setInterval(() => {
      const now = performance.now();
      for (const connection of this.#connections) connection.check(now);
    }, CHECK_MS);
    this.#checks.unref();
  }

  take(socket: Socket): void {
    // Which side ends first is for the relay to see.
    socket.allowHalfOpen = true;
    this.server.emit('connection', socket);
  }

  serve(turn: Turn): void {
    this.#plane.metrics.countRequest();
    const { head } = turn;
    const target = head.method === 'CONNECT' ? CONNECT : requestTarget(head.target);
    if (target instanceof Malformed || target.refused !== undefined) {
      const reason = target instanceof Malformed ? target : new Malformed('target', target.refused);
      this.#refuseWhole(turn, reason);
      return;
    }
    const host = hostOf(head.headers.all('host'), target.authority, head.version === '1.1');
    if (host.refused !== undefined) this.#refuseWhole(turn, new Malformed('host', host.refused));
    else new Run(this.#plane, turn, target, host).start();
  }

  /** A request whose end is known is refused like any other malformed one: what comes after it is not served. */
  #refuseWhole(turn: Turn, reason: Malformed): void {
    turn.answer.persistent = false;
    this.refuse(turn, reason);
  }

  refuse(turn: Turn, reason: Malformed): void {
    this.#plane.metrics.countRefused(reason.fault);
    this.#plane.log('info', `a request was refused: ${reason.message}`, {
      reason: reason.fault,
      status: reason.status,
      client: turn.peer.remoteAddress,
    });
    if (turn.answer.begun) turn.answer.cut();
    else sendPage(turn, reason.status);
  }

  closed(connection: ClientConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }

  states(): ConnectionStates {
    const states = { reading: 0, writing: 0, waiting: 0 };
    for (const { state } of this.#connections) states[state]++;
    return states;
  }

  async close(): Promise<void> {
    this.draining = true;
    const closed = new Promise<void>((resolve) => {
      if (this.server.listening) this.server.close(() => resolve());
      else resolve();
    });
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    for (const connection of this.#connections) connection.leave();
    if (this.#connections.size === 0) this.#emptied?.();
    const late = setTimeout(() => this.#emptied?.(), DRAIN_MS);
    await emptied;
    clearTimeout(late);
    // What is left takes too long, or has asked nothing yet.
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    clearInterval(this.#checks);
  }
}

/** A gateway is no tunnel; nginx says the same. */
const CONNECT = new Malformed('connect', 'CONNECT', 405);

function peerOf(socket: Socket): Peer {
  return {
    remoteAddress: plainAddress(socket.remoteAddress ?? ''),
    remotePort: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress ?? ''),
    localPort: (socket.address() as Partial<AddressInfo>).port ?? 0,
    encrypted: 'encrypted' in socket,
  };
}

/** `::ffff:127.0.0.1` is 127.0.0.1 seen through a dual-stack socket. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
