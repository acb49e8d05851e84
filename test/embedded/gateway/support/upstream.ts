import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestUpstream {
  server: Server;
  port: number;
  /** `127.0.0.1:PORT` */
  address: string;
  close(): Promise<void>;
}

/** A real HTTP server on a free port of the loopback. */
export async function startUpstream(listener: RequestListener): Promise<TestUpstream> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    port,
    address: `127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
