import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { isMessage, type Request, readRequest } from './messages.ts';

/** A request as the server read it. */
export interface Seen extends Request {
  /** How many have come before it. */
  serial: number;
}

/** What a server writes on a request. */
export interface Reply {
  /** Each is written by itself. */
  pieces: string[];
  /** It closes the connection behind them. */
  closes: boolean;
}

/** A server that reads requests by the strict grammar, and answers whatever its test wants. */
export interface StrictServer {
  port: number;
  /** What has come whole since the last `clear`. */
  readonly seen: Seen[];
  /** What was no request. */
  readonly faults: string[];
  clear(): void;
  close(): Promise<void>;
}

export async function startStrictServer(reply: (seen: Seen) => Reply): Promise<StrictServer> {
  const seen: Seen[] = [];
  const faults: string[] = [];
  const sockets = new Map<Socket, string>();
  let serials = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.set(socket, '');
    socket.setEncoding('latin1').on('data', (segment: string) => {
      let text = (sockets.get(socket) ?? '') + segment;
      while (text !== '') {
        const request = readRequest(text, 0);
        if (!isMessage(request)) {
          if (request.malformed === undefined) break;
          faults.push(`${request.malformed} in ${JSON.stringify(text)}`);
          text = '';
          socket.destroy();
          break;
        }
        const one = { ...request, serial: serials++ };
        seen.push(one);
        void write(socket, reply(one));
        text = text.slice(request.end);
      }
      if (!socket.destroyed) sockets.set(socket, text);
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    faults,
    clear() {
      seen.length = 0;
      faults.length = 0;
    },
    close() {
      for (const socket of sockets.keys()) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function write(socket: Socket, { pieces, closes }: Reply): Promise<void> {
  for (const [nth, piece] of pieces.entries()) {
    if (nth > 0) await new Promise((next) => setImmediate(next));
    if (socket.destroyed) return;
    socket.write(piece, 'latin1');
  }
  if (closes) socket.end();
}
