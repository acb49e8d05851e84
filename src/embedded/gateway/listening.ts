import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { messageOf, QbtcError } from '../../errors.ts';
import type { Log } from '../program.ts';
import type { GatewayConfiguration } from './gateway.ts';

/** How long requests in flight may take when the gateway closes. */
export const DRAIN_MS = 10_000;
const IDLE_CHECK_MS = 20;

/** Gives the port that is listened on, also where 0 was asked for. Throws `QbtcError` when it cannot be had. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const message = taken
        ? `port ${port} on ${host} is taken`
        : `cannot listen on ${host}:${port}: ${error.message}`;
      reject(new QbtcError(taken ? 'PORT_TAKEN' : 'LISTEN_FAILED', message, { cause: error }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** The ports of the data plane that are listened on, also where 0 was asked for. */
export interface ListenedPorts {
  port: number;
  tlsPort: number | undefined;
}

/**
 * Listens on all ports of the data plane, with a server that `serverOf` makes for each. Throws `QbtcError` when one cannot
 * be had, but for further ones: those are left out, and said in the log.
 */
export async function listenAll(
  { host, port, tlsPort, alsoPorts = [] }: GatewayConfiguration,
  log: Log,
  serverOf: (secure: boolean) => Server,
): Promise<ListenedPorts> {
  const listened = {
    port: await listen(serverOf(false), host, port),
    tlsPort: tlsPort === undefined ? undefined : await listen(serverOf(true), host, tlsPort),
  };
  for (const also of alsoPorts) {
    await listen(serverOf(false), host, also).catch((error: unknown) =>
      log('warn', 'a further port is left out', { port: also, reason: messageOf(error) }),
    );
  }
  return listened;
}

/** Takes no more connections, lets requests in flight end, then cuts what is left. */
export function drain(server: HttpServer): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    // A kept connection becomes idle when its last request ends, and Node looks for idle ones only once.
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(idle);
      resolve();
    });
  });
}
