import type { ChangeOutcome } from '../../model/plan.ts';
import { applyTopology as applyPlan, planTopology } from '../../topology/index.ts';
import type { Remedy } from '../remedy.ts';
import { told } from '../told.ts';

/** Makes what is missing at the broker. What needs a migration is left to a person. */
export const applyTopology: Remedy = {
  mends: ['topology-drifted'],
  cost: 'none: nothing is deleted',
  unfit: (_, { snapshot }) => {
    const open = snapshot.topologyPlan.measured ? snapshot.topologyPlan.value : [];
    const blocked = open.every((change) => change.blocked !== undefined);
    return blocked ? `${open[0]?.kind} ${open[0]?.name}: ${open[0]?.blocked}` : undefined;
  },
  command: () => 'qbtc topology apply',
  async apply({ context, stack }): Promise<string> {
    const outcomes: ChangeOutcome[] = await applyPlan(context, stack, await planTopology(context, stack));
    return told(outcomes);
  },
};
