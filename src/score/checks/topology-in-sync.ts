import { resourceOfKind } from '../../resources/facts.ts';
import type { Check } from '../check.ts';
import { inSync } from '../in-sync.ts';
import { pathIn, remedyForTopology } from '../remedy.ts';

/** The broker holds the exchanges, queues and bindings that the stack declares: the plan is empty. */
export const topologyInSync: Check = {
  component: 'connectivity',
  severity: 'major',
  about:
    'The broker holds the exchanges, queues, bindings, policies and accounts that the stack declares: the plan of `qbtc topology apply` is empty.',
  foreign:
    'The same, for what it declares. Services that make their own queues, with no topology in qbtc.yaml, lose nothing.',
  declare: '`topology` of qbtc.yaml, or `events` of a service',
  share: 1,
  nothingDeclared: 'the stack declares no topology',
  examine: (snapshot, stack) => {
    const broker = resourceOfKind(stack, 'rabbitmq');
    const declares = stack.topologyFiles[0] ?? stack.services.find(({ events }) => events !== undefined);
    if (!broker || declares === undefined) return [];
    const why = `the broker differs from ${pathIn(stack, stack.topologyFiles[0] ?? stack.file)}`;
    return [inSync(broker.name, snapshot.topologyPlan, why, remedyForTopology(snapshot, stack))];
  },
};
