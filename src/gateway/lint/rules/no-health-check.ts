import type { GatewayObject } from '../../../model/gateway.ts';
import type { LintProblem, LintRule } from '../rule.ts';

/** Several nodes, and nothing takes a broken one out. With one node there is nothing to choose. */
export const noHealthCheck: LintRule = {
  code: 'no-health-check',
  severity: 'warning',
  check(state) {
    const problems: LintProblem[] = [];
    const look = (kind: LintProblem['kind'], id: string, upstream: unknown, path: string[]) => {
      const { nodes, checks } = (upstream ?? {}) as GatewayObject;
      const count = Array.isArray(nodes)
        ? nodes.length
        : Object.keys((nodes as object | undefined) ?? {}).length;
      if (count < 2 || checks !== undefined) return;
      problems.push({
        kind,
        id,
        path: [...path, 'nodes'],
        message: `${count} nodes, and no health check: a broken one keeps getting its share of the requests`,
        fix: 'add checks: { active: { http_path: /health, … } }',
      });
    };
    for (const [id, upstream] of state.upstream) look('upstream', id, upstream, []);
    for (const [id, service] of state.service) look('service', id, service.upstream, ['upstream']);
    for (const [id, route] of state.route) look('route', id, route.upstream, ['upstream']);
    return problems;
  },
};
