import type { RegisteredService } from '../model/discovery.ts';
import { DISCOVERY, type GatewayObject, type GatewayState, SOURCE_LABEL } from '../model/gateway.ts';
import { healthChecks } from './desired.ts';
import { stamped } from './stamp.ts';
import { emptyState } from './state.ts';

/**
 * What the gateway should hold for services that discovery found: an upstream and a route each, stamped, and labelled as
 * discovered. Without an instance that is well the route stays and answers 503.
 */
export function discoveredGateway(services: readonly RegisteredService[], stack: string): GatewayState {
  const state = emptyState();
  const add = (kind: 'upstream' | 'route', id: string, object: GatewayObject) =>
    state[kind].set(id, stamped({ ...object, labels: { [SOURCE_LABEL]: DISCOVERY } }, stack));
  for (const { id, name, uris, plugins, health, nodes } of services) {
    const upstream: GatewayObject = {
      name,
      type: 'roundrobin',
      nodes: nodes.map(({ host, port, weight }) => ({ host, port, weight })),
    };
    if (nodes.length > 1) upstream.checks = healthChecks(health);
    add('upstream', id, upstream);
    const route: GatewayObject = { name, uris, upstream_id: id };
    if (Object.keys(plugins).length > 0) route.plugins = plugins;
    add('route', id, route);
  }
  return state;
}
