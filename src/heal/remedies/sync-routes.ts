import { applyRoutes, planRoutes } from '../../gateway/index.ts';
import type { Remedy } from '../remedy.ts';
import { told } from '../told.ts';

/** Writes what is declared to the gateway. What is there and not declared stays. */
export const syncRoutes: Remedy = {
  mends: ['routes-drifted'],
  cost: 'none: each route is changed at once',
  unfit: (_, { snapshot }) => {
    const open = snapshot.routePlan.measured ? snapshot.routePlan.value : [];
    const blocked = open.every((change) => change.blocked !== undefined);
    return blocked ? `${open[0]?.kind} ${open[0]?.name}: ${open[0]?.blocked}` : undefined;
  },
  command: () => 'qbtc routes sync',
  async apply({ context, stack }) {
    return told(await applyRoutes(context, stack, await planRoutes(context, stack)));
  },
};
