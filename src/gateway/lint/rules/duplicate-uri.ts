import type { GatewayObject, GatewayState } from '../../../model/gateway.ts';
import { hostsOf, priorityOf, urisOf } from '../../route-fields.ts';
import type { LintProblem, LintRule } from '../rule.ts';

/** Two routes that nothing tells apart: which of them answers is chance. */
export const duplicateUri: LintRule = {
  code: 'duplicate-uri',
  severity: 'error',
  check(state) {
    const problems: LintProblem[] = [];
    for (const claims of claimsIn(state)) {
      for (const [index, { id, route, shown }] of claims.entries()) {
        const twin = claims.slice(0, index).find((other) => isTwin(route, other.route));
        if (twin === undefined) continue;
        problems.push({
          kind: 'route',
          id,
          path: [Array.isArray(route.uris) ? 'uris' : 'uri'],
          message: `${shown} is also the URI of route ${twin.id}, and nothing says which one answers`,
          fix: 'give one of them other methods, a host, vars, or a higher priority',
        });
      }
    }
    return problems;
  },
};

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

function isTwin(a: GatewayObject, b: GatewayObject): boolean {
  const told = priorityOf(a) !== priorityOf(b) || isConditional(a) || isConditional(b);
  return !told && methodsMeet(a.methods, b.methods);
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
