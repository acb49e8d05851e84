import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Latencies } from '../../../../src/embedded/gateway/proxy/balancer.ts';
import { Pools } from '../../../../src/embedded/gateway/proxy/pools.ts';
import { Upstream, type UpstreamNode } from '../../../../src/embedded/gateway/proxy/upstream.ts';
import type { UpstreamConnection } from '../../../../src/embedded/gateway/proxy/upstream-connection.ts';

/** Sends a request over the connection, and gives it back when it has come to its end. */
function answered(connection: UpstreamConnection): Promise<UpstreamConnection> {
  const head = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  return new Promise((resolve, reject) => {
    connection.send(
      { method: 'GET', head, body: undefined, upgrade: false, idleMs: 1_000 },
      {
        ...{ onInformation() {}, onHead() {}, onData() {}, onFlush() {} },
        onEnd: () => resolve(connection),
        onFailure: (_, reason) => reject(new Error(reason)),
      },
    );
  });
}

describe('a connection behind TLS', () => {
  let server: Server;
  let connections = 0;
  const pools = new Pools();

  beforeAll(async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'x' }], { keyType: 'ec' });
    server = createServer({ cert, key }, (socket) => {
      connections++;
      socket.on('close', () => connections--).on('error', () => {});
      socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    pools.close();
    server.close();
  });

  const upstreamWith = (more: object) => {
    const nodes = { [`127.0.0.1:${(server.address() as AddressInfo).port}`]: 1 };
    return new Upstream({ scheme: 'https', nodes, ...more }, new Latencies());
  };
  const take = (upstream: Upstream, host: string) =>
    pools.take(upstream, upstream.nodes[0] as UpstreamNode, host);

  // RFC 6066, 3: a literal address is no name.
  it.each([
    ['a.example:8443', 'a.example'],
    ['127.0.0.1:8443', false],
    ['[::1]:8443', false],
    ['[::1]', false],
    ['127.0.0.1', false],
  ])('asks for the name that the Host %s holds: %s', async (host, name) => {
    const asked = once(server, 'secureConnection') as Promise<[TLSSocket & { servername: string | false }]>;
    take(upstreamWith({}), host);
    const [socket] = await asked;
    expect(socket.servername).toBe(name);
  });

  it('is kept for the name that it was made for, and so many of a node are in all, whatever names clients think of', async () => {
    pools.close();
    await expect.poll(() => connections).toBe(0);
    const upstream = upstreamWith({ keepalive_pool: { size: 2 } });
    const used: UpstreamConnection[] = [];
    for (const host of ['a', 'b', 'b', 'a', 'c', 'a', 'd', 'c'])
      used.push(await answered(take(upstream, host)));
    const [a, b, b2, a2, c, a3, d, c2] = used;
    expect([b2 === b, a2 === a, a3 === a, c2 === c]).toEqual([true, true, true, false]);
    expect(new Set([a, b, c, d, c2]).size).toBe(5);
    await expect.poll(() => connections).toBe(2);
  });
});
