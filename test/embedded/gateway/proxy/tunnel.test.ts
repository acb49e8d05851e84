import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tunnel } from '../../../../src/embedded/gateway/proxy/tunnel.ts';
import { UpstreamConnection } from '../../../../src/embedded/gateway/proxy/upstream-connection.ts';

const BYTES = Buffer.alloc(8 << 20, 't');

describe('a tunnel', () => {
  const opened: Socket[] = [];
  /** Both ends, and the gateway's two. */
  let client: Socket;
  let node: Socket;
  let socket: Socket;
  let upstream: Socket;
  let freed: number;
  let over: number;

  /** Gives the two ends of a connection, of which the first is made by `dial`. */
  async function pair<T>(dial: (port: number) => T): Promise<[T, Socket]> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const dialled = dial((server.address() as AddressInfo).port);
    const [accepted] = (await once(server, 'connection')) as [Socket];
    server.close();
    opened.push(accepted.on('error', () => {}));
    return [dialled, accepted];
  }

  beforeEach(async () => {
    freed = 0;
    over = 0;
    [client, socket] = await pair((port) => connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
    opened.push(client.on('error', () => {}));
    const keepalive = { size: 1, idleMs: 1_000, requests: 10 };
    let connection: UpstreamConnection;
    [connection, node] = await pair((port) => {
      const target = { host: '127.0.0.1', port, connectMs: 1_000, tls: undefined };
      return new UpstreamConnection(target, keepalive, () => freed++);
    });
    const takeOver = connection.takeOver.bind(connection);
    connection.takeOver = (receive) => {
      upstream = takeOver(receive);
      return upstream;
    };
    tunnel({ socket, rest: Buffer.from('waiting') }, connection, () => over++);
  });
  afterEach(() => {
    for (const each of opened.splice(0)) each.destroy();
  });

  it('hands on what waited on the way in, and all that one end has sent before it closed', async () => {
    let bytes = 0;
    client.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    node.once('data', () => node.end(BYTES));
    await once(client, 'end');
    expect(bytes).toBe(BYTES.length);
    await expect.poll(() => [socket.destroyed, freed, over]).toEqual([true, 1, 1]);
  });

  it('does not stay for one end that takes nothing any more', async () => {
    node.pause();
    client.write(BYTES);
    await expect.poll(() => upstream.writableNeedDrain).toBe(true);
    node.end();
    await expect.poll(() => [over, socket.destroyed]).toEqual([1, true]);
    expect([upstream.destroyed, upstream.timeout]).toEqual([false, 10_000]);
    upstream.emit('timeout');
    await expect.poll(() => [freed, over]).toEqual([1, 1]);
  });
});
