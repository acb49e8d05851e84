import { afterAll, beforeAll } from 'vitest';
import { ADMIN_KEY, startTestGateway, type TestGateway } from '../../embedded/gateway/support/gateway.ts';
import { gatewayProtection } from './protection.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ tlsPort: 0 });
});
afterAll(() => gateway.close());

gatewayProtection('embedded', () => ({
  name: 'embedded',
  adminUrl: gateway.adminUrl,
  adminKey: ADMIN_KEY,
  proxyUrl: gateway.proxyUrl,
  tls: { host: '127.0.0.1', port: gateway.tlsPort ?? 0 },
}));
