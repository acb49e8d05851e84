import type { GatewayObject } from '../../../model/gateway.ts';
import { priorityOf } from '../../route-fields.ts';
import { claimsIn, isConditional } from '../claims.ts';
import type { LintProblem, LintRule } from '../rule.ts';

/** A route that never gets a request, as another one of the same URI is always tried first and takes all. */
export const shadowedUri: LintRule = {
  code: 'shadowed-uri',
  severity: 'error',
  check(state) {
    const problems: LintProblem[] = [];
    for (const claims of claimsIn(state)) {
      for (const { id, route, shown } of claims) {
        const above = claims.find((other) => takesAll(other.route, route));
        if (above === undefined) continue;
        problems.push({
          kind: 'route',
          id,
          path: ['priority'],
          message: `${shown} never reaches this route: ${above.id} has a higher priority (${priorityOf(above.route)}) and takes every such request`,
          fix: 'raise its priority, or narrow the other route by methods, host or vars',
        });
      }
    }
    return problems;
  },
};

function takesAll(other: GatewayObject, route: GatewayObject): boolean {
  if (other === route || isConditional(other)) return false;
  if (priorityOf(other) <= priorityOf(route)) return false;
  if (!Array.isArray(other.methods)) return true;
  const methods: unknown[] = other.methods;
  return Array.isArray(route.methods) && route.methods.every((method) => methods.includes(method));
}
