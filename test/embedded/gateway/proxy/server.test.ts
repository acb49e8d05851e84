import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts';

const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n';

describe('a gateway that closes', () => {
  let gateway: TestGateway;
  let upstream: RawUpstream;
  let upgrading: Socket | undefined;

  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    gateway = await startTestGateway({ tlsPort: 0 });
    upstream = await startRawUpstream(({ socket }) => {
      upgrading = socket;
    });
    const put = await gateway.admin('PUT', '/routes/ws', {
      uri: '/',
      enable_websocket: true,
      upstream: { nodes: { [upstream.address]: 1 } },
    });
    expect(put.status, put.body).toBeLessThan(300);
  });
  afterAll(() => {
    vi.useRealTimers();
    return upstream.close();
  });

  it('waits neither for clients that are not through with TLS, nor for long for a protocol that begins only then', async () => {
    const [idle, client] = [gateway.tlsPort, gateway.port].map((port) => connect(port ?? 0, '127.0.0.1'));
    const sockets = [idle, client] as Socket[];
    const ended = sockets.map((each) => once(each.on('error', () => {}).resume(), 'close'));
    await Promise.all(sockets.map((each) => once(each, 'connect')));
    client?.write(UPGRADE);
    await expect.poll(() => upgrading).toBeDefined();
    const closing = gateway.close();
    vi.advanceTimersByTime(500);
    expect(client?.destroyed).toBe(false);
    upgrading?.write(SWITCH);
    await once(client as Socket, 'data');
    vi.advanceTimersByTime(500);
    await Promise.all([closing, ...ended]);
  });
});
