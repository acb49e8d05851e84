import type { GatewayObject } from '../../../../model/gateway.ts';
import { pluginsError } from '../../plugin-check.ts';
import { route } from '../../schema/definitions.ts';
import { unavailableLua } from '../../unavailable.ts';
import { upstreamError } from '../../upstream-check.ts';
import { varsError } from '../../vars-check.ts';
import { type AdminResource, danglingReference } from '../resource.ts';

export const routes: AdminResource = {
  collection: 'routes',
  kind: 'route',
  identifiedBy: 'id',
  schema: route,
  unsupported: [],
  filterFields: ['service_id', 'upstream_id'],
  contradiction({ host, hosts, remote_addr: address, remote_addrs: addresses }) {
    if (host !== undefined && hosts !== undefined) return 'only one of host or hosts is allowed';
    return address !== undefined && addresses !== undefined
      ? 'only one of remote_addr or remote_addrs is allowed'
      : undefined;
  },
  check: (value, { store }) =>
    upstreamError(value.upstream as GatewayObject | undefined) ??
    danglingReference(store, 'upstreams', 'upstream', value.upstream_id) ??
    danglingReference(store, 'services', 'service', value.service_id) ??
    danglingReference(store, 'plugin_configs', 'plugin config', value.plugin_config_id) ??
    pluginsError(value.plugins, 'route') ??
    (value.vars === undefined ? undefined : varsError(value.vars)) ??
    lacking(value),
};

/** Routes that this gateway cannot carry out are refused here, not served in another way than APISIX would. */
function lacking(value: GatewayObject): string | undefined {
  for (const field of ['filter_func', 'script', 'script_id']) {
    if (value[field] !== undefined) return unavailableLua(field);
  }
  return undefined;
}
