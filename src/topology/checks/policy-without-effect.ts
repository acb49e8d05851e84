import { EXCHANGE_TARGETS, targetsOfQueue } from '../../model/topology.ts';
import type { TopologyCheck } from '../check.ts';
import { typeOf } from '../queue-settings.ts';

export const policyWithoutEffect: TopologyCheck = {
  code: 'policy-without-effect',
  severity: 'warning',
  examine: (topology) =>
    topology.policies
      .filter(({ pattern, 'apply-to': applyTo }) => {
        const expression = new RegExp(pattern);
        const names = [
          ...topology.queues.filter((queue) => targetsOfQueue(typeOf(queue)).has(applyTo)),
          ...(EXCHANGE_TARGETS.has(applyTo) ? topology.exchanges : []),
        ].map(({ name }) => name);
        return !names.some((name) => expression.test(name));
      })
      .map(({ name, pattern }) => ({
        subject: `policy ${name}`,
        message: `nothing that is declared matches ${pattern}`,
        fix: 'correct the pattern, or remove the policy',
      })),
};
