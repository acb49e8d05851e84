import { type Check, failed, notMeasured, passed } from '../check.ts';
import { remedyFor, remedyForRoutes } from '../remedy.ts';

/** Each declared route answers through the gateway. */
export const routeAnswers: Check = {
  component: 'routes',
  nothingDeclared: 'the stack declares no route',
  examine: (snapshot, stack) =>
    stack.services
      .flatMap((service) => service.routes.map((route) => ({ name: route.name, service: service.name })))
      .map(({ name, service }) => {
        const { routeAnswers: answers } = snapshot;
        if (!answers.measured) return notMeasured(name, answers.reason);
        const answer = answers.value.find((candidate) => candidate.route === name);
        if (!answer) return notMeasured(name, 'the route was not asked');
        if (answer.answered) return passed(name, `${answer.request}: ${answer.evidence}`);
        return failed(name, `${answer.request}: ${answer.evidence}`, {
          why: answer.evidence,
          ...(remedyForRoutes(snapshot, stack) ?? remedyFor(snapshot, stack, service)),
        });
      }),
};
