import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AnswerReceiver,
  UpstreamConnection,
  type WireRequest,
} from '../../../../src/embedded/gateway/proxy/upstream-connection.ts';

const KEEPALIVE = { size: 1, idleMs: 1_000, requests: 10 };
const GET: WireRequest = {
  method: 'GET',
  head: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  body: undefined,
  upgrade: true,
  idleMs: 1_000,
};

describe('a connection to a node', () => {
  let server: Server;
  let target: { host: string; port: number; connectMs: number; tls: undefined };
  let answer: (socket: Socket) => void;
  /** What the owner of the connection was told: whether it may be used again. */
  let freed: boolean[];
  /** What its request came to. */
  let came: string[];

  beforeEach(async () => {
    server = createServer((socket) => socket.on('data', () => answer(socket)).on('error', () => {}));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    target = {
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      connectMs: 1_000,
      tls: undefined,
    };
    freed = [];
    came = [];
  });
  afterEach(() => {
    server.close();
  });

  const connection = () => new UpstreamConnection(target, KEEPALIVE, (_, usable) => freed.push(usable));
  const receiver = (more: Partial<AnswerReceiver> = {}): AnswerReceiver => ({
    onInformation() {},
    onHead: ({ status }) => came.push(String(status)),
    onData() {},
    onEnd: () => came.push('end'),
    onFlush() {},
    onFailure: (failure) => came.push(failure),
    ...more,
  });

  describe('tells its owner once that it is over', () => {
    it('where nobody waits for the answer any more', async () => {
      const made = connection();
      answer = () => made.abort();
      made.send(GET, receiver());
      await expect.poll(() => freed).toEqual([false]);
      made.abort();
      expect([freed, came]).toEqual([[false], []]);
    });

    it('where it went on in another protocol', async () => {
      const made = connection();
      answer = (socket) => socket.end('HTTP/1.1 101 Go on\r\nUpgrade: websocket\r\n\r\nhello');
      const tunnelled: string[] = [];
      made.send(GET, receiver({ onHead: () => made.takeOver((chunk) => tunnelled.push(String(chunk))) }));
      await expect.poll(() => freed).toEqual([false]);
      expect([tunnelled, came]).toEqual([['hello'], []]);
    });

    it('where the node closes between two requests', async () => {
      const made = connection();
      answer = (socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n');
      made.send(GET, receiver());
      await expect.poll(() => freed).toEqual([true, false]);
      expect(came).toEqual(['204', 'end']);
    });
  });

  it('still waits for the node no longer than it may, once the client has been waited for', async () => {
    const made = connection();
    answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
    made.send({ ...GET, idleMs: 150 }, receiver({ onData: () => made.pause() }));
    await expect.poll(() => came).toEqual(['200']);
    await sleep(200);
    expect(came).toEqual(['200']);
    made.resume();
    await expect.poll(() => came, { interval: 5 }).toEqual(['200', 'timeout']);
  });

  it('does not count as made before TLS stands: nothing of the request can have had an effect', async () => {
    answer = (socket) => socket.end();
    const tls = { verify: false, servername: 'x' };
    const made = new UpstreamConnection({ ...target, tls }, KEEPALIVE, (_, usable) => freed.push(usable));
    made.send(GET, receiver());
    await expect.poll(() => [came, freed]).toEqual([['connect'], [false]]);
  });
});
