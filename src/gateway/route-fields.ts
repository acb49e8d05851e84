import type { GatewayObject, GatewayState } from '../model/gateway.ts';

/** The URIs of a route, in their order. */
export const urisOf = (route: GatewayObject | undefined): string[] =>
  [route?.uris ?? route?.uri ?? []].flat().map(String);

/** The hosts of a route, or else of its service, in lower case; `undefined` for any. */
export function hostsOf(route: GatewayObject, state: Pick<GatewayState, 'service'>): string[] | undefined {
  const service = route.service_id === undefined ? undefined : state.service.get(String(route.service_id));
  const hosts = route.hosts ?? (route.host === undefined ? service?.hosts : [route.host]);
  if (!Array.isArray(hosts) || hosts.length === 0) return undefined;
  return hosts.map((host) => String(host).toLowerCase());
}

export const priorityOf = (route: GatewayObject | undefined): number => Number(route?.priority ?? 0);
