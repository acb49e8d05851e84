import type { RegisteredService } from '../model/discovery.ts';
import {
  DISCOVERY,
  type GatewayObject,
  type GatewayState,
  SOURCE_LABEL,
  VOUCHER_LABEL,
} from '../model/gateway.ts';
import { healthChecks } from './desired.ts';
import { stamped } from './stamp.ts';
import { emptyState } from './state.ts';

/**
 * What the gateway should hold for services that discovery found: an upstream and a route each, stamped, and labelled as
 * discovered. Without an instance that is well the route stays and answers 503.
 */
export function discoveredGateway(services: readonly RegisteredService[], stack: string): GatewayState {
  const state = emptyState();
  for (const { id, name, uris, plugins, health, voucher, nodes } of services) {
    const labels = { [SOURCE_LABEL]: DISCOVERY, [VOUCHER_LABEL]: voucher };
    const upstream: GatewayObject = {
      labels,
      name,
      type: 'roundrobin',
      nodes: nodes.map(({ host, port, weight }) => ({ host, port, weight })),
    };
    if (nodes.length > 1) upstream.checks = healthChecks(health);
    state.upstream.set(id, stamped(upstream, stack));
    const route: GatewayObject = { labels, name, uris, upstream_id: id };
    if (Object.keys(plugins).length > 0) route.plugins = plugins;
    state.route.set(id, stamped(route, stack));
  }
  return state;
}
