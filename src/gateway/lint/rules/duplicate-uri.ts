import type { GatewayObject } from '../../../model/gateway.ts';
import { claimsOf } from '../../takeover.ts';
import type { LintProblem, LintRule } from '../rule.ts';

/** Two routes that nothing tells apart: which of them answers is chance. */
export const duplicateUri: LintRule = {
  code: 'duplicate-uri',
  severity: 'error',
  check(state) {
    const problems: LintProblem[] = [];
    for (const [claim, routes] of byClaim(state.route)) {
      for (const [index, [id, route]] of routes.entries()) {
        const twin = routes.slice(0, index).find(([, other]) => isTwin(route, other));
        if (twin === undefined) continue;
        problems.push({
          kind: 'route',
          id,
          path: [Array.isArray(route.uris) ? 'uris' : 'uri'],
          message: `${claim.replace(/^\* /, '')} is also the URI of route ${twin[0]}, and nothing says which one answers`,
          fix: 'give one of them other methods, a host, vars, or a higher priority',
        });
      }
    }
    return problems;
  },
};

/** The routes that could answer the same URI on the same host. */
export function byClaim(routes: ReadonlyMap<string, GatewayObject>): Map<string, [string, GatewayObject][]> {
  const claims = new Map<string, [string, GatewayObject][]>();
  for (const [id, route] of routes) {
    if (route.status === 0) continue;
    for (const claim of claimsOf(route)) {
      const list = claims.get(claim);
      if (list) list.push([id, route]);
      else claims.set(claim, [[id, route]]);
    }
  }
  return claims;
}

function isTwin(a: GatewayObject, b: GatewayObject): boolean {
  const told = Number(a.priority ?? 0) !== Number(b.priority ?? 0) || isConditional(a) || isConditional(b);
  return !told && methodsMeet(a.methods, b.methods);
}

/** True for a route that looks at more than method, host and URI. */
export function isConditional(route: GatewayObject): boolean {
  return ['vars', 'filter_func', 'remote_addr', 'remote_addrs'].some((field) => route[field] !== undefined);
}

function methodsMeet(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return true;
  // A browser's question before its request: the cors plugins of both answer it alike.
  return a.some((method) => method !== 'OPTIONS' && b.includes(method));
}
