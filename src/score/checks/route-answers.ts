import { type Check, failed, notMeasured, passed } from '../check.ts';
import { remedyFor, remedyForPath, remedyForRoutes } from '../remedy.ts';

/** Each declared route answers through the gateway. */
export const routeAnswers: Check = {
  component: 'routes',
  severity: 'critical',
  about:
    'A request for each declared route comes back from the service and not from the gateway itself (its own 404, 502, 503 and 504 count as no answer).',
  nothingDeclared: 'the stack declares no route',
  examine: (snapshot, stack) => {
    const gateway = stack.resources.find(({ kind }) => kind === 'apisix');
    return stack.services
      .flatMap((service) => service.routes.map((route) => ({ name: route.name, service: service.name })))
      .map(({ name, service }) => {
        const { routeAnswers: answers } = snapshot;
        if (!answers.measured) return notMeasured(name, answers.reason);
        const answer = answers.value.find((candidate) => candidate.route === name);
        if (!answer) return notMeasured(name, 'the route was not asked');
        if (answer.answered) return passed(name, `${answer.request}: ${answer.evidence}`);
        return failed(name, `${answer.request}: ${answer.evidence}`, {
          why: answer.evidence,
          ...((gateway && remedyForPath(snapshot, stack, gateway.name)) ??
            remedyForRoutes(snapshot, stack) ??
            remedyForPath(snapshot, stack, service) ??
            remedyFor(snapshot, stack, service)),
        });
      });
  },
};
