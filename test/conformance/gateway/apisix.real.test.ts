import { it } from 'vitest';
import { gatewayConformance } from './suite.ts';

const { QBTC_APISIX_ADMIN, QBTC_APISIX_KEY, QBTC_APISIX_PROXY } = process.env;

if (QBTC_APISIX_ADMIN && QBTC_APISIX_KEY && QBTC_APISIX_PROXY) {
  const target = {
    name: 'APISIX',
    adminUrl: `${QBTC_APISIX_ADMIN.replace(/\/+$/, '').replace(/\/apisix\/admin$/, '')}/apisix/admin`,
    adminKey: QBTC_APISIX_KEY,
    proxyUrl: QBTC_APISIX_PROXY.replace(/\/+$/, ''),
  };
  gatewayConformance('APISIX', () => target);
} else {
  it('gateway conformance against a real APISIX', (test) => {
    test.skip('needs QBTC_APISIX_ADMIN, QBTC_APISIX_KEY and QBTC_APISIX_PROXY');
  });
}
