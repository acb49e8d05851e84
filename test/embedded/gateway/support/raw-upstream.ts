import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A connection to the upstream, with what it has got so far. */
export interface RawConnection {
  socket: Socket;
  /** In text of one character a byte. */
  received: string;
}

/** An upstream that speaks whatever its test wants: it sees bytes and writes bytes. */
export interface RawUpstream {
  address: string;
  connections: RawConnection[];
  /** Everything that it got, connection by connection. */
  readonly received: string;
  /** Forgets what it got. */
  clear(): void;
  close(): Promise<void>;
}

/** @param answer called with each segment that comes */
export async function startRawUpstream(
  answer: (connection: RawConnection, segment: string) => void,
): Promise<RawUpstream> {
  const connections: RawConnection[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    const connection: RawConnection = { socket, received: '' };
    connections.push(connection);
    socket.setEncoding('latin1').on('data', (segment: string) => {
      connection.received += segment;
      answer(connection, segment);
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    get received() {
      return connections.map((each) => each.received).join('');
    },
    clear() {
      for (const each of connections) each.received = '';
    },
    close() {
      for (const { socket } of connections) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
