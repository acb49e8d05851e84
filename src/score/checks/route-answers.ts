import { declaredRoutes } from '../../gateway/index.ts';
import type { Snapshot } from '../../model/observation.ts';
import type { Stack } from '../../model/stack.ts';
import { resourceOfKind } from '../../resources/facts.ts';
import { type Check, failed, notMeasured, passed, undeclared } from '../check.ts';
import { pathIn, type Remedy, remedyFor, remedyForPath, remedyForRoutes } from '../remedy.ts';

/** Each declared route answers through the gateway. */
export const routeAnswers: Check = {
  component: 'routes',
  severity: 'critical',
  about:
    'A request for each declared route, those of gateway.routes too, comes back from the service and not from the gateway itself (its own 404, 502, 503 and 504 count as no answer).',
  foreign:
    'The same, for the routes that it declares. One that no probe can pass (a plugin asks for what only its clients have, no request would be harmless) is out of the total: a flow through it proves more.',
  declare: '`routes` of a service, or `gateway.routes`; a flow where no probe can pass',
  nothingDeclared: 'the stack declares no route',
  examine: (snapshot, stack) =>
    declaredRoutes(stack).map(({ name, service }) => {
      const { routeAnswers: answers } = snapshot;
      if (!answers.measured) return notMeasured(name, answers.reason);
      const answer = answers.value.find((candidate) => candidate.route === name);
      if (!answer) return notMeasured(name, 'the route was not asked');
      const unproven = answer.untried ?? (answer.barredBy === undefined ? undefined : answer.evidence);
      if (unproven !== undefined && snapshot.profile === 'foreign') return undeclared(name, unproven);
      if (answer.untried !== undefined) return notMeasured(name, answer.untried);
      if (answer.answered) return passed(name, `${answer.request}: ${answer.evidence}`);
      return failed(name, `${answer.request}: ${answer.evidence}`, {
        why: answer.evidence,
        ...remedyForAnswer(snapshot, stack, name, service),
      });
    }),
};

/** The gateway first, then what it holds, then what stands behind the route. */
function remedyForAnswer(
  snapshot: Snapshot,
  stack: Stack,
  name: string,
  service: string | undefined,
): Remedy {
  const gateway = resourceOfKind(stack, 'apisix')?.name ?? stack.name;
  return (
    remedyForPath(snapshot, stack, gateway) ??
    remedyForRoutes(snapshot, stack) ??
    (service === undefined
      ? {
          cause: name,
          byHand: `look into ${placeOf(stack, name)}: what its upstream leads to does not answer`,
        }
      : (remedyForPath(snapshot, stack, service) ?? remedyFor(snapshot, stack, service)))
  );
}

function placeOf(stack: Stack, route: string): string {
  const place = stack.gateway.locate('route', route);
  return place === undefined ? pathIn(stack, stack.file) : `${place.file}:${place.line}`;
}
