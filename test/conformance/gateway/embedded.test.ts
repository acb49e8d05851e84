import { afterAll, beforeAll } from 'vitest';
import { ADMIN_KEY, startTestGateway, type TestGateway } from '../../embedded/gateway/support/gateway.ts';
import { gatewayConformance } from './suite.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

gatewayConformance('embedded', () => ({
  name: 'embedded',
  adminUrl: gateway.adminUrl,
  adminKey: ADMIN_KEY,
  proxyUrl: gateway.proxyUrl,
}));
