import type { GatewayObject } from '../../../model/gateway.ts';
import type { LintProblem, LintRule } from '../rule.ts';
import { byClaim, isConditional } from './duplicate-uri.ts';

/** A route that never gets a request, as another one of the same URI is always tried first and takes all. */
export const shadowedUri: LintRule = {
  code: 'shadowed-uri',
  severity: 'error',
  check(state) {
    const problems: LintProblem[] = [];
    for (const [claim, routes] of byClaim(state.route)) {
      for (const [id, route] of routes) {
        const above = routes.find(([, other]) => takesAll(other, route));
        if (above === undefined) continue;
        problems.push({
          kind: 'route',
          id,
          path: ['priority'],
          message: `${claim.replace(/^\* /, '')} never reaches this route: ${above[0]} has a higher priority (${String(above[1].priority ?? 0)}) and takes every such request`,
          fix: 'raise its priority, or narrow the other route by methods, host or vars',
        });
      }
    }
    return problems;
  },
};

function takesAll(other: GatewayObject, route: GatewayObject): boolean {
  if (other === route || isConditional(other)) return false;
  if (Number(other.priority ?? 0) <= Number(route.priority ?? 0)) return false;
  if (!Array.isArray(other.methods)) return true;
  const methods: unknown[] = other.methods;
  return Array.isArray(route.methods) && route.methods.every((method) => methods.includes(method));
}
