import { claimsOf } from '../../takeover.ts';
import type { LintProblem, LintRule } from '../rule.ts';
import { isConditional } from './duplicate-uri.ts';

/**
 * A route for one host beside one of the same URI for any: APISIX's router by URI takes the host for a condition, so that
 * the other one may come first.
 */
export const hostBesideAny: LintRule = {
  code: 'host-beside-any',
  severity: 'warning',
  check(state) {
    const any = new Map<string, [string, number]>();
    for (const [id, route] of state.route) {
      if (route.status === 0 || isConditional(route) || route.methods !== undefined) continue;
      for (const claim of claimsOf(route)) {
        if (claim.startsWith('* ')) any.set(claim.slice(2), [id, Number(route.priority ?? 0)]);
      }
    }
    const problems: LintProblem[] = [];
    for (const [id, route] of state.route) {
      if (route.status === 0) continue;
      for (const claim of claimsOf(route)) {
        const [host, uri] = [claim.slice(0, claim.indexOf(' ')), claim.slice(claim.indexOf(' ') + 1)];
        const [other, priority] = any.get(uri) ?? [];
        if (host === '*' || other === undefined || Number(route.priority ?? 0) > Number(priority)) continue;
        problems.push({
          kind: 'route',
          id,
          path: ['priority'],
          message: `route ${other} takes ${uri} for any host, and may be tried before this one for ${host}`,
          fix: 'give this one a higher priority',
        });
      }
    }
    return problems;
  },
};
