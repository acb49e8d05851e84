import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { exchange } from '../support/http.ts';
import { converse, statusesIn } from '../support/raw.ts';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts';

describe('what plugins are told of an exchange that has gone wrong', () => {
  let gateway: TestGateway;
  let upstream: RawUpstream;

  beforeAll(async () => {
    gateway = await startTestGateway();
    upstream = await startRawUpstream(({ socket }, segment) => {
      if (segment.startsWith('GET'))
        socket.write('HTTP/1.1 101 Go on\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n');
    });
    const put = await gateway.admin('PUT', '/routes/1', {
      uri: '/*',
      enable_websocket: true,
      plugins: { prometheus: {} },
      upstream: { nodes: { [upstream.address]: 1 } },
    });
    expect(put.status, put.body).toBeLessThan(300);
  });
  afterAll(() => Promise.all([gateway.close(), upstream.close()]));

  // The client's answer is not the one that was on its way.
  it.each([
    [
      'the upstream goes on in a protocol that nobody asked for',
      ['GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n'],
      500,
    ],
    [
      'the body breaks the rules while the upstream waits for it',
      [
        'POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
        () => expect.poll(() => upstream.received, { timeout: 10_000 }).toContain('abc'),
        'zz\r\n',
      ],
      400,
    ],
  ])('is what the client was answered: %s', async (_name, pieces, status) => {
    expect(statusesIn(await converse(gateway.port, pieces, (all) => all.endsWith('</html>\r\n')))).toEqual([
      status,
    ]);
    const metrics = await exchange(`http://127.0.0.1:${gateway.adminPort}/apisix/prometheus/metrics`);
    expect(metrics.body).toMatch(new RegExp(`apisix_http_status\\{code="${status}"`));
  });
});
