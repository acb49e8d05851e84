import type { GatewayObject } from '../../../../model/gateway.ts';
import { pluginsError } from '../../plugin-check.ts';
import { service } from '../../schema/definitions.ts';
import { unavailableLua } from '../../unavailable.ts';
import { upstreamError } from '../../upstream-check.ts';
import { type AdminResource, danglingReference, referrerIn } from '../resource.ts';

export const services: AdminResource = {
  collection: 'services',
  kind: 'service',
  identifiedBy: 'id',
  schema: service,
  unsupported: [],
  check: (value, { store }) =>
    upstreamError(value.upstream as GatewayObject | undefined) ??
    danglingReference(store, 'upstreams', 'upstream', value.upstream_id) ??
    pluginsError(value.plugins, 'route') ??
    (value.script === undefined ? undefined : unavailableLua('script')),
  referrer(store, id) {
    const route = referrerIn(store, 'routes', 'service_id', id);
    return route && `can not delete this service directly, route [${route}] is still using it now`;
  },
};
