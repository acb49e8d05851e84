import { type Check, failed, notMeasured, passed } from '../check.ts';
import { remedyFor } from '../remedy.ts';

/** Each service gives its metrics in the Prometheus text format. */
export const metrics: Check = {
  component: 'monitoring',
  severity: 'minor',
  about: 'Each service gives its metrics in the Prometheus text format, with at least one sample.',
  nothingDeclared: 'the stack declares no service',
  examine: (snapshot, stack) =>
    stack.services.map(({ name }) => {
      const { telemetry } = snapshot;
      if (!telemetry.measured) return notMeasured(name, telemetry.reason);
      const measured = telemetry.value.find((candidate) => candidate.service === name)?.metrics;
      if (!measured?.measured) return notMeasured(name, measured?.reason ?? 'its metrics were not asked');
      const { families, problem } = measured.value;
      return problem === ''
        ? passed(name, `${families} metric families`)
        : failed(name, problem, { why: problem, ...remedyFor(snapshot, stack, name) });
    }),
};
