import { afterAll, beforeAll } from 'vitest';
import { ADMIN_KEY } from '../../embedded/gateway/support/gateway.ts';
import { type GatewayProgram, startGatewayProgram } from '../../embedded/gateway/support/program.ts';
import { gatewayConformance } from './suite.ts';

let gateway: GatewayProgram;

beforeAll(async () => {
  gateway = await startGatewayProgram({ workers: 2 });
});
afterAll(() => gateway.kill());

// Requests of a test meet now one worker, now the other.
gatewayConformance('two workers', () => ({
  name: 'two workers',
  adminUrl: `http://127.0.0.1:${gateway.adminPort}/apisix/admin`,
  adminKey: ADMIN_KEY,
  proxyUrl: gateway.proxyUrl,
}));
