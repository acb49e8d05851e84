import { applyRoutes, planRoutes } from '../../gateway/index.ts';
import { onlyByHand, told } from '../carried-out.ts';
import type { Remedy } from '../remedy.ts';

/** Writes what is declared to the gateway. What is there and not declared stays. */
export const syncRoutes: Remedy = {
  mends: ['routes-drifted'],
  cost: 'none: each route is changed at once',
  unfit: (_, { snapshot }) => onlyByHand(snapshot.routePlan),
  command: () => 'qbtc routes sync',
  async apply({ context, stack }) {
    return told(await applyRoutes(context, stack, await planRoutes(context, stack)));
  },
};
