import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Lets a server close as soon as its last answer is out: from `begin` on, connections without a request in work are
 * destroyed. Node's own `close` leaves open those that have not sent a request yet, or become idle afterwards.
 */
export function closeWhenIdle(server: Server): { begin(): void } {
  /** The number of requests in work by connection. */
  const connections = new Map<Socket, number>();
  let closing = false;

  server.on('connection', (socket) => {
    connections.set(socket, 0);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    connections.set(socket, (connections.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const rest = (connections.get(socket) ?? 1) - 1;
      if (connections.has(socket)) connections.set(socket, rest);
      // What is written is sent before the connection ends.
      if (closing && rest === 0) socket.destroySoon();
    });
  });

  return {
    begin() {
      closing = true;
      for (const [socket, requests] of connections) if (requests === 0) socket.destroySoon();
    },
  };
}
