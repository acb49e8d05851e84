import { connect } from 'node:net';

/** An answer as it came over the wire, in text of one character a byte. */
export interface RawAnswer {
  status: number;
  /** Lower-case names; of several fields of one name all, in their order. */
  headers: Record<string, string[]>;
  body: string;
}

/**
 * Sends these bytes on a connection of their own and gives what comes back until it closes: the request must ask for
 * that, and gets one answer.
 */
export function sendRaw(port: number, bytes: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(parse(received)));
  });
}

function parse(received: string): RawAnswer {
  const end = received.indexOf('\r\n\r\n');
  const [line = '', ...lines] = received.slice(0, end).split('\r\n');
  const headers: Record<string, string[]> = {};
  for (const each of lines) {
    const colon = each.indexOf(':');
    const name = each.slice(0, colon).toLowerCase();
    headers[name] = [...(headers[name] ?? []), each.slice(colon + 1).trim()];
  }
  const body = received.slice(end + 4);
  return {
    status: Number(line.split(' ')[1]),
    headers,
    body: headers['transfer-encoding']?.[0] === 'chunked' ? unchunked(body) : body,
  };
}

function unchunked(text: string): string {
  let body = '';
  for (let at = 0; ; ) {
    const line = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, line), 16);
    if (!(size > 0)) return body;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

/**
 * Writes these pieces on one connection, a segment each, where a function is waited for, and gives everything that comes back until the other side closes
 * it, or until `whole` says that it has come.
 */
export function converse(
  port: number,
  pieces: string | readonly (string | (() => Promise<unknown>))[],
  whole: (received: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, async () => {
      for (const piece of [pieces].flat()) {
        if (typeof piece === 'function') await piece().catch((error: Error) => socket.destroy(error));
        else socket.write(piece, 'latin1');
        await new Promise((next) => setTimeout(next, 2));
      }
    });
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk;
      if (whole(received)) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => resolve(received));
    socket.setTimeout(20_000, () =>
      socket.destroy(new Error(`nothing came after ${JSON.stringify(received.slice(-300))}`)),
    );
  });
}

/** The statuses of the answers in what came back. */
export const statusesIn = (received: string): number[] =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((each) => Number(each[1]));
