import type { Policy } from '../../model/topology.ts';
import { difference } from '../../reconcile/difference.ts';
import { GENERATED_POLICY } from '../names.ts';
import { IN_PLACE, type TopologyStep } from './step.ts';

/** Declared policies that are missing or differ, and those of ours that no queue needs any longer. */
export function planPolicies(
  declared: readonly Policy[],
  generated: readonly Policy[],
  there: readonly Policy[],
): TopologyStep[] {
  const byName = new Map(there.map((policy) => [policy.name, policy]));
  const steps: TopologyStep[] = [];
  for (const policy of declared) {
    const { name } = policy;
    const existing = byName.get(name);
    const fields = existing === undefined ? [] : difference(policy, existing);
    if (existing !== undefined && fields.length === 0) continue;
    const change =
      existing === undefined
        ? { action: 'create' as const, kind: 'policy', name, reason: IN_PLACE }
        : { action: 'update' as const, kind: 'policy', name, reason: IN_PLACE, fields };
    steps.push({ id: `policy/${name}`, change, target: { kind: 'policy', policy }, needs: [] });
  }
  const needed = new Set(generated.map(({ name }) => name));
  for (const { name } of there) {
    if (!name.startsWith(GENERATED_POLICY) || needed.has(name)) continue;
    const reason = `${IN_PLACE}: what it changed is as declared without it`;
    steps.push({
      id: `policy-gone/${name}`,
      change: { action: 'delete', kind: 'policy', name, reason },
      target: { kind: 'policy-gone', name },
      needs: [],
    });
  }
  return steps;
}

/** Whether the broker has the policy as it is. */
export function isThere(policy: Policy, there: readonly Policy[]): boolean {
  const existing = there.find(({ name }) => name === policy.name);
  return existing !== undefined && difference(policy, existing).length === 0;
}
