import { describe, it } from 'vitest';
import type { GatewayMode } from '../../src/model/resource.ts';
import { gatewaySuite } from './suite.ts';

const { QBTC_APISIX_ADMIN, QBTC_APISIX_KEY, QBTC_APISIX_PROXY, QBTC_APISIX_MODE } = process.env;
const gateway =
  QBTC_APISIX_ADMIN && QBTC_APISIX_KEY && QBTC_APISIX_PROXY
    ? {
        url: QBTC_APISIX_PROXY.replace(/\/+$/, ''),
        adminUrl: QBTC_APISIX_ADMIN.replace(/\/+$/, '').replace(/\/apisix\/admin$/, ''),
        adminKey: QBTC_APISIX_KEY,
        // `standalone-api` for an APISIX without etcd.
        mode: (QBTC_APISIX_MODE === 'standalone-api' ? 'standalone-api' : 'traditional') as GatewayMode,
      }
    : undefined;

describe('routes against a real APISIX', () => {
  if (gateway) gatewaySuite(() => gateway);
  else {
    it('syncs, proves and leaves alone what is not ours', (test) => {
      test.skip('needs QBTC_APISIX_ADMIN, QBTC_APISIX_KEY and QBTC_APISIX_PROXY');
    });
  }
});
