import type { GatewayObject } from '../../../model/gateway.ts';
import { priorityOf } from '../../route-fields.ts';
import { claimsIn, isConditional, methodsMeet } from '../claims.ts';
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

function isTwin(a: GatewayObject, b: GatewayObject): boolean {
  const told = priorityOf(a) !== priorityOf(b) || isConditional(a) || isConditional(b);
  return !told && methodsMeet(a.methods, b.methods);
}
