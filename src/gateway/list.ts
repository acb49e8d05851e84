import type { ApisixPlugins, GatewayObject, GatewayState } from '../model/gateway.ts';
import type { ListedRoute } from '../model/routes.ts';
import { pluginsOf } from './lint/rule.ts';
import { isOfStack, ownerOf } from './stamp.ts';

/** The routes of a gateway by their URI. */
export function listed(state: GatewayState, stack: string): ListedRoute[] {
  const routes = [...state.route].map(([id, route]): ListedRoute => {
    const hosts = [route.host ?? route.hosts ?? []].flat().map(String);
    const paths = [route.uri ?? route.uris ?? []].flat().map(String);
    return {
      id,
      methods: Array.isArray(route.methods) ? route.methods.map(String) : [],
      uris: hosts.length === 0 ? paths : hosts.flatMap((host) => paths.map((path) => `${host}${path}`)),
      nodes: nodesOf(upstreamOf(state, route)),
      plugins: Object.keys(pluginsOf(state, route) as ApisixPlugins),
      owner: isOfStack(route, stack) ? '' : ownerOf(route),
      status: route.status === 0 ? 'off' : 'on',
    };
  });
  return routes.sort((a, b) => (a.uris[0] ?? '').localeCompare(b.uris[0] ?? '') || a.id.localeCompare(b.id));
}

function upstreamOf(state: GatewayState, route: GatewayObject): GatewayObject | undefined {
  const own = (owner: GatewayObject | undefined) =>
    owner?.upstream_id === undefined
      ? (owner?.upstream as GatewayObject | undefined)
      : state.upstream.get(String(owner.upstream_id));
  const service = route.service_id === undefined ? undefined : state.service.get(String(route.service_id));
  return own(route) ?? own(service);
}

function nodesOf(upstream: GatewayObject | undefined): string[] {
  if (upstream === undefined) return [];
  if (typeof upstream.service_name === 'string') return [upstream.service_name];
  const { nodes } = upstream;
  if (Array.isArray(nodes)) {
    return nodes.map((node: { host?: string; port?: number }) =>
      node.port === undefined ? String(node.host) : `${node.host}:${node.port}`,
    );
  }
  return Object.keys((nodes as object | undefined) ?? {});
}
