import { it } from 'vitest';
import { gatewayProtection } from './protection.ts';
import { gatewayConformance } from './suite.ts';

const { QBTC_APISIX_ADMIN, QBTC_APISIX_KEY, QBTC_APISIX_PROXY, QBTC_APISIX_TLS } = process.env;

if (QBTC_APISIX_ADMIN && QBTC_APISIX_KEY && QBTC_APISIX_PROXY) {
  const target = {
    name: 'APISIX',
    adminUrl: `${QBTC_APISIX_ADMIN.replace(/\/+$/, '').replace(/\/apisix\/admin$/, '')}/apisix/admin`,
    adminKey: QBTC_APISIX_KEY,
    proxyUrl: QBTC_APISIX_PROXY.replace(/\/+$/, ''),
    ...(QBTC_APISIX_TLS ? { tls: tlsOf(QBTC_APISIX_TLS) } : {}),
  };
  gatewayConformance('APISIX', () => target);
  gatewayProtection('APISIX', () => target);
} else {
  it('gateway conformance against a real APISIX', (test) => {
    test.skip('needs QBTC_APISIX_ADMIN, QBTC_APISIX_KEY and QBTC_APISIX_PROXY');
  });
}

function tlsOf(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
