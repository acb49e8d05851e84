import { type Check, failed, notMeasured, passed, undeclared } from '../check.ts';
import { remedyFor } from '../remedy.ts';

/** Each service gives its metrics in the Prometheus text format. */
export const metrics: Check = {
  component: 'monitoring',
  severity: 'minor',
  about: 'Each service gives its metrics in the Prometheus text format, with at least one sample.',
  foreign:
    'The same, for services that have metrics: where none are at /metrics and no path is named, there are none, and they are out of the total.',
  declare: '`metrics` of a service: the path of its metrics in the Prometheus text format',
  nothingDeclared: 'the stack declares no service',
  examine: (snapshot, stack) =>
    stack.services.map(({ name, metrics: path }) => {
      if (path === undefined) return undeclared(name, 'it declares no metrics');
      const { telemetry } = snapshot;
      if (!telemetry.measured) return notMeasured(name, telemetry.reason);
      const measured = telemetry.value.find((candidate) => candidate.service === name)?.metrics;
      if (!measured?.measured) return notMeasured(name, measured?.reason ?? 'its metrics were not asked');
      const { families, problem, absent } = measured.value;
      if (absent && snapshot.profile === 'foreign') return undeclared(name, `it has no metrics at ${path}`);
      return problem === ''
        ? passed(name, `${families} metric families`)
        : failed(name, problem, { why: problem, ...remedyFor(snapshot, stack, name) });
    }),
};
