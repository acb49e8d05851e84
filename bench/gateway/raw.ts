import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

// A client and a server that do next to nothing: where both cores are shared, they leave them to what is measured.

/** Answers every request with the same bytes. Requests must have no bodies, and come one at a time. */
export function rawUpstream(body: Buffer): Promise<{ port: number }> {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`;
  const answer = Buffer.concat([Buffer.from(head), body]);
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (chunk.subarray(-4).equals(END)) socket.write(answer);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ port: (server.address() as AddressInfo).port }));
  });
}

const END = Buffer.from('\r\n\r\n');

/** Sends a request again as soon as its answer is there, on so many connections; gives how many were answered. */
export async function rawLoad(
  port: number,
  path: string,
  headers: Record<string, string>,
  { seconds, connections }: { seconds: number; connections: number },
): Promise<{ perSecond: number }> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${lines.join('')}\r\n`);
  let answered = 0;
  const sockets = Array.from({ length: connections }, () => client(port, request, () => answered++));
  const before = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const took = (performance.now() - before) / 1000;
  for (const socket of sockets) socket.destroy();
  return { perSecond: answered / took };
}

function client(port: number, request: Buffer, onAnswer: () => void): Socket {
  let length = 0;
  let received = 0;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const take = (chunk: Buffer) => {
    if (received === 0) length = lengthOf(chunk);
    received += chunk.length;
    if (received < length) return;
    received = 0;
    onAnswer();
    socket.write(request);
  };
  socket.on('data', take).on('error', () => {});
  socket.once('connect', () => socket.write(request));
  return socket;
}

/** How long an answer is in all; its head comes in one piece. */
function lengthOf(chunk: Buffer): number {
  const end = chunk.indexOf(END);
  const head = chunk.toString('latin1', 0, end);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (!head.startsWith('HTTP/1.1 200 ') || length === undefined)
    throw new Error(`no answer to count: ${head}`);
  return end + END.length + Number(length);
}
