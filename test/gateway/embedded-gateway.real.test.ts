import { afterAll, beforeAll, describe } from 'vitest';
import { startGateway } from '../../src/embedded/gateway/gateway.ts';
import { type GatewayUnderTest, gatewaySuite } from './suite.ts';

describe.each([
  'traditional',
  'standalone-api',
] as const)('routes against the embedded gateway, %s', (mode) => {
  let gateway: GatewayUnderTest & { close(): Promise<void> };
  beforeAll(async () => {
    const adminKey = 'embedded-admin-key-of-a-test';
    const standalone = mode === 'standalone-api';
    const running = await startGateway(
      { host: '127.0.0.1', port: 0, adminPort: 0, adminKey, standalone },
      () => {},
    );
    gateway = {
      url: `http://127.0.0.1:${running.port}`,
      adminUrl: `http://127.0.0.1:${running.adminPort}`,
      adminKey,
      mode,
      close: () => running.close(),
    };
  });
  afterAll(() => gateway.close());
  gatewaySuite(() => gateway);
});
