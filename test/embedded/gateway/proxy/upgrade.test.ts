import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../support/quiet-context.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { converse, statusesIn } from '../support/raw.ts';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts';

const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nAccess-Control-Allow-Origin: *\r\n\r\n';
const asking = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nOrigin: https://a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n\r\n';

describe('a request to go on as a WebSocket passes all that other requests pass', () => {
  let gateway: TestGateway;
  let upstream: RawUpstream;
  let second: RawUpstream;
  let answer: string;

  beforeAll(async () => {
    gateway = await startTestGateway();
    const whole = (received: string) => received.endsWith('\r\n\r\n');
    upstream = await startRawUpstream(({ socket, received }) => whole(received) && socket.write(answer));
    second = await startRawUpstream(({ socket, received }) => whole(received) && socket.end(SWITCH));
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
    await second.close();
  });
  beforeEach(() => {
    answer = SWITCH;
  });

  const route = async (id: string, more: object) => {
    const put = await gateway.admin('PUT', `/routes/${id}`, {
      uri: `/${id}`,
      enable_websocket: true,
      upstream: { nodes: { [upstream.address]: 1 } },
      ...more,
    });
    expect(put.status, put.body).toBeLessThan(300);
  };
  /** What comes back up to the end of the head. */
  const ask = (id: string) => converse(gateway.port, asking(`/${id}`), (all) => all.includes('\r\n\r\n'));

  it('cors: the origin is told by the gateway, and by nobody else', async () => {
    await route('cors', { plugins: { cors: { allow_origins: 'https://a.test', expose_headers: 'X-A' } } });
    const head = await ask('cors');
    expect(statusesIn(head)).toEqual([101]);
    expect(head.match(/^access-control-allow-origin: .*$/gim)).toEqual([
      expect.stringMatching(/: https:\/\/a\.test\r?$/),
    ]);
    expect(head).toMatch(/^access-control-expose-headers: X-A\r$/im);
  });

  it('the log: with the status of the answer, once it is over', async () => {
    const path = join(await temporaryFolder(), 'upgrade.log');
    const log_format = { status: '$status', upstream: '$upstream_status', host: '$host' };
    await route('log', { plugins: { 'file-logger': { path, log_format } } });
    await ask('log');
    answer = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n';
    await ask('log');
    const lines = async () => (await readFile(path, 'utf8').catch(() => '')).split('\n').slice(0, -1);
    await expect.poll(lines).toHaveLength(2);
    expect((await lines()).map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ status: '101', upstream: '101' }),
      expect.objectContaining({ status: '403', upstream: '403' }),
    ]);
  });

  it('the health of nodes: one that fails at them is left out', async () => {
    const checks = {
      active: { type: 'tcp', healthy: { interval: 3600 }, unhealthy: { interval: 3600 } },
      passive: { unhealthy: { http_failures: 1, http_statuses: [503] } },
    };
    const nodes = [
      { host: '127.0.0.1', port: Number(upstream.address.split(':')[1]), weight: 1, priority: 1 },
      { host: '127.0.0.1', port: Number(second.address.split(':')[1]), weight: 1, priority: 0 },
    ];
    await route('health', { upstream: { type: 'roundrobin', nodes, checks } });
    answer = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n';
    expect(statusesIn(await ask('health'))).toEqual([503]);
    expect(statusesIn(await ask('health'))).toEqual([101]);
  });
});
