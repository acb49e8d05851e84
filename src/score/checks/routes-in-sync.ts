import { type Check, failed, notMeasured, passed } from '../check.ts';

/** The gateway holds exactly the routes that the stack declares: the plan is empty. */
export const routesInSync: Check = {
  component: 'routes',
  nothingDeclared: 'the stack declares no gateway',
  examine: ({ routePlan }, stack) =>
    stack.resources
      .filter((resource) => resource.kind === 'apisix')
      .map(({ name }) => {
        if (!routePlan.measured) return notMeasured(name, routePlan.reason);
        const [first] = routePlan.value;
        if (!first) return passed(name, 'the plan is empty');
        const count = routePlan.value.length;
        const evidence = `${count} ${count === 1 ? 'change' : 'changes'} open: ${first.action} ${first.kind} ${first.name}${count > 1 ? ', …' : ''}`;
        return failed(name, evidence, {
          why: 'the gateway differs from qbtc.yaml',
          command: 'qbtc routes sync',
        });
      }),
};
