import { type Check, failed, notMeasured, passed, undeclared } from '../check.ts';
import { remedyFor } from '../remedy.ts';

/** Each service says in its health document what it depends on and how that is. */
export const healthDetails: Check = {
  component: 'monitoring',
  severity: 'minor',
  about:
    'The health document of each service has an object `checks` that says how each of its dependencies is.',
  foreign:
    'Any form that qbtc reads will do (Terminus, Actuator, ASP.NET, health+json and others). A document without details, a plain OK, an empty answer or a service that is asked in another way say nothing about dependencies, and are out of the total.',
  declare: 'a health document with the state of each dependency',
  nothingDeclared: 'the stack declares no service',
  examine: (snapshot, stack) =>
    stack.services.map(({ name, health }) => {
      if (health.kind !== 'http')
        return undeclared(name, 'it has no health document: its readiness is told otherwise');
      const { telemetry } = snapshot;
      if (!telemetry.measured) return notMeasured(name, telemetry.reason);
      const details = telemetry.value.find((candidate) => candidate.service === name)?.healthDetails;
      if (!details?.measured) return notMeasured(name, details?.reason ?? 'its health was not asked');
      const { checks, problem, form, details: told } = details.value;
      if (snapshot.profile === 'foreign')
        return told > 0
          ? passed(name, `health has ${told} ${told === 1 ? 'detail' : 'details'} (${form})`)
          : undeclared(name, 'its health document tells nothing of what it depends on');
      return problem === ''
        ? passed(name, `health has ${checks} ${checks === 1 ? 'check' : 'checks'}`)
        : failed(name, problem, { why: problem, ...remedyFor(snapshot, stack, name) });
    }),
};
