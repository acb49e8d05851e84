import { type Check, failed, notMeasured, passed } from '../check.ts';
import { remedyFor } from '../remedy.ts';

/** Each service says in its health document what it depends on and how that is. */
export const healthDetails: Check = {
  component: 'monitoring',
  severity: 'minor',
  about:
    'The health document of each service has an object `checks` that says how each of its dependencies is.',
  nothingDeclared: 'the stack declares no service',
  examine: (snapshot, stack) =>
    stack.services.map(({ name }) => {
      const { telemetry } = snapshot;
      if (!telemetry.measured) return notMeasured(name, telemetry.reason);
      const details = telemetry.value.find((candidate) => candidate.service === name)?.healthDetails;
      if (!details?.measured) return notMeasured(name, details?.reason ?? 'its health was not asked');
      const { checks, problem } = details.value;
      return problem === ''
        ? passed(name, `health has ${checks} ${checks === 1 ? 'check' : 'checks'}`)
        : failed(name, problem, { why: problem, ...remedyFor(snapshot, stack, name) });
    }),
};
