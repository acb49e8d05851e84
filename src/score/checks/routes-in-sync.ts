import { resourceOfKind } from '../../resources/facts.ts';
import type { Check } from '../check.ts';
import { inSync } from '../in-sync.ts';
import { remedyForRoutes } from '../remedy.ts';

/** The gateway holds exactly the routes that the stack declares: the plan is empty. */
export const routesInSync: Check = {
  component: 'routes',
  severity: 'major',
  about:
    'The gateway holds exactly the routes that qbtc.yaml declares: the plan of `qbtc routes sync` is empty.',
  foreign: 'The same, where the stack has a gateway. One whose services are asked directly loses nothing.',
  declare: 'a resource of the kind apisix in `infrastructure` of qbtc.yaml',
  nothingDeclared: 'the stack declares no gateway',
  examine: (snapshot, stack) => {
    // There is one plan: that of the first gateway.
    const gateway = resourceOfKind(stack, 'apisix');
    if (!gateway) return [];
    const why = 'the gateway differs from qbtc.yaml';
    return [inSync(gateway.name, snapshot.routePlan, why, remedyForRoutes(snapshot, stack))];
  },
};
