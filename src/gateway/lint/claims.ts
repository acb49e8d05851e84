import type { GatewayObject, GatewayState } from '../../model/gateway.ts';
import { hostsOf, urisOf } from '../route-fields.ts';

export interface Claim {
  id: string;
  route: GatewayObject;
  /** Host and URI, as the route has them. */
  shown: string;
}

/** The routes that could answer the same URI on the same host; names of parameters tell nothing apart. */
export function claimsIn(state: GatewayState): Claim[][] {
  const claims = new Map<string, Claim[]>();
  for (const [id, route] of state.route) {
    if (route.status === 0) continue;
    for (const host of hostsOf(route, state) ?? ['']) {
      for (const uri of urisOf(route)) {
        const key = `${host} ${uri.replaceAll(/(?<=\/)([:*])[^/]*/g, '$1')}`;
        const claim = { id, route, shown: `${host} ${uri}`.trimStart() };
        const list = claims.get(key);
        if (list) list.push(claim);
        else claims.set(key, [claim]);
      }
    }
  }
  return [...claims.values()];
}

/** True for a route that looks at more than method, host and URI. */
export function isConditional(route: GatewayObject): boolean {
  return ['vars', 'filter_func', 'remote_addr', 'remote_addrs'].some((field) => route[field] !== undefined);
}

/** Whether a request could come by either of two routes, as far as methods tell. */
export function methodsMeet(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return true;
  // A browser's question before its request: the cors plugins of both answer it alike.
  return a.some((method) => method !== 'OPTIONS' && b.includes(method));
}
