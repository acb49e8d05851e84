import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HeaderList } from '../../../../src/embedded/gateway/http/header-list.ts';
import type { Malformed } from '../../../../src/embedded/gateway/http/malformed.ts';
import { ClientConnection, type Turn } from '../../../../src/embedded/gateway/proxy/client-connection.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const LAST = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const MEGABYTES = Buffer.alloc(8 << 20, 'm');

describe('the connection of a client', () => {
  let server: Server;
  let client: Socket;
  let connection: ClientConnection;
  /** The gateway's end of it. */
  let socket: Socket;
  let served: number;
  let serve: (turn: Turn) => void;
  let refuse: (turn: Turn, reason: Malformed) => void;

  beforeEach(async () => {
    served = 0;
    refuse = (turn, reason) => answer(turn, Buffer.from(reason.fault), reason.status);
    const host = {
      draining: false,
      serve(turn: Turn) {
        served++;
        serve(turn);
      },
      refuse: (turn: Turn, reason: Malformed) => refuse(turn, reason),
      closed() {},
    };
    const peer = {
      ...{ remoteAddress: '', remotePort: 0, localAddress: '', localPort: 0, encrypted: false },
    };
    server = createServer({ allowHalfOpen: true }, (accepted) => {
      socket = accepted;
      connection = new ClientConnection(accepted, host, peer);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    client.on('error', () => {});
    await Promise.all([once(client, 'connect'), once(server, 'connection')]);
  });
  afterEach(() => {
    vi.useRealTimers();
    client.destroy();
    server.close();
  });

  function answer({ answer }: Turn, body: Buffer, status = 200): void {
    answer.begin(status, new HeaderList(['Content-Length', String(body.length)]));
    answer.write(body);
    answer.end();
  }

  /** What the client gets until the connection ends. */
  async function received(): Promise<number> {
    let bytes = 0;
    client.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await once(client, 'end');
    return bytes;
  }

  it('serves a client no more while it does not read what it has got', async () => {
    serve = (turn) => answer(turn, MEGABYTES.subarray(0, 1 << 19));
    client.write(GET.repeat(40));
    await expect.poll(() => served).toBeGreaterThan(0);
    await new Promise(setImmediate);
    expect(served).toBeLessThan(30);
    expect(connection.state).toBe('writing');
    let bytes = 0;
    client.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await expect.poll(() => served).toBe(40);
    await expect.poll(() => bytes).toBeGreaterThan(20 << 20);
    expect(socket.listenerCount('drain')).toBeLessThan(3);
  });

  it('gives a slow client the whole of its last answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    serve = (turn) => answer(turn, MEGABYTES);
    client.write(LAST);
    await once(client, 'readable');
    vi.advanceTimersByTime(60_000);
    expect(await received()).toBeGreaterThan(MEGABYTES.length);
    // The client has not closed its side: that is waited for a moment only.
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(2_000);
    expect(socket.destroyed).toBe(true);
  });

  it.each([
    ['which is the last one', LAST],
    ['after which it could have asked again', GET],
  ])('gives an answer that is out to a client that closes its side meanwhile: %s', async (_name, request) => {
    serve = (turn) => answer(turn, MEGABYTES);
    client.write(request);
    await once(client, 'readable');
    client.end();
    await new Promise((next) => setTimeout(next, 10));
    expect(await received()).toBeGreaterThan(MEGABYTES.length);
    await expect.poll(() => socket.destroyed).toBe(true);
  });

  it('waits as long as it takes for the upstream, and afterwards no longer than ever for the client', async () => {
    let waiting: Turn | undefined;
    serve = (turn) => {
      waiting = turn;
    };
    client.write(GET);
    await expect.poll(() => served).toBe(1);
    socket.emit('timeout');
    expect(socket.destroyed).toBe(false);
    answer(waiting as Turn, Buffer.from('ok'));
    await once(client, 'readable');
    socket.emit('timeout');
    expect(socket.destroyed).toBe(true);
  });

  it('begins nothing new once it is to leave', async () => {
    serve = (turn) => answer(turn, Buffer.from('ok'));
    connection.leave();
    socket.emit('data', Buffer.from(GET));
    expect(served).toBe(0);
    await expect.poll(() => socket.destroyed).toBe(true);
  });

  it('goes on in another protocol until that is over, also when it is to leave', async () => {
    serve = (turn) => {
      turn.answer.switchTo('websocket', new HeaderList(), '');
      turn.takeOver();
    };
    client.write(GET);
    await once(client, 'readable');
    connection.leave();
    await new Promise(setImmediate);
    expect([socket.writableEnded, connection.state, connection.idle]).toEqual([false, 'writing', false]);
  });

  it('tells whoever reads a body that it breaks off, whether the client went or broke the rules', async () => {
    const chunked = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';
    let reading: Promise<unknown> | undefined;
    serve = ({ body }) => {
      reading = body.collect(100).catch((error: unknown) => error);
    };
    client.write(chunked);
    await expect.poll(() => served).toBe(1);
    client.write('zz\r\n');
    await expect(reading).resolves.toBeInstanceOf(RangeError);
  });
});
