import type { ChangeOutcome } from '../../model/plan.ts';
import { applyTopology as applyPlan, planTopology } from '../../topology/index.ts';
import { onlyByHand, told } from '../carried-out.ts';
import type { Remedy } from '../remedy.ts';

/** Makes what is missing at the broker. What needs a migration is left to a person. */
export const applyTopology: Remedy = {
  mends: ['topology-drifted'],
  cost: 'none: nothing is deleted',
  unfit: (_, { snapshot }) => onlyByHand(snapshot.topologyPlan),
  command: () => 'qbtc topology apply',
  async apply({ context, stack }): Promise<string> {
    const outcomes: ChangeOutcome[] = await applyPlan(context, stack, await planTopology(context, stack));
    return told(outcomes);
  },
};
