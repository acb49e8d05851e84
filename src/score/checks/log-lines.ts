import type { ServiceTelemetry, Snapshot } from '../../model/observation.ts';
import type { Stack } from '../../model/stack.ts';
import { type Check, failed, notMeasured, passed, type SubjectResult, undeclared } from '../check.ts';
import { remedyFor } from '../remedy.ts';

/** Every log line that was read of a service parses in the stack's one schema. */
export const logLines: Check = {
  component: 'monitoring',
  severity: 'minor',
  about:
    'The last 200 log lines of each replica parse in the one schema of the stack (JSON with timestamp, level, service, message); there is at least one.',
  foreign:
    'Any form that qbtc reads will do (JSON of other loggers, logfmt, Nest, Python, klog, a time at the head of the line), as levels and times are all that is needed of it. A service that writes in none, or nothing, is out of the total; one that has a form loses where more than half of its lines are in none. What follows a line in the form (a stack trace) belongs to it.',
  declare: 'log lines with a time and a level, in any form that "qbtc logs" reads',
  nothingDeclared: 'the stack declares no service',
  examine: (snapshot, stack) =>
    stack.services.map(({ name, url }) => {
      if (url !== undefined) return undeclared(name, 'qbtc does not run it, and reads no log of it');
      const { telemetry } = snapshot;
      if (!telemetry.measured) return notMeasured(name, telemetry.reason);
      const lines = telemetry.value.find((candidate) => candidate.service === name)?.logLines;
      if (!lines) return notMeasured(name, 'its log was not read');
      if (snapshot.profile === 'foreign') return inAnyForm(snapshot, stack, name, lines);
      const { read, wellFormed, firstBroken } = lines;
      if (read > 0 && wellFormed === read) return passed(name, `${read} of ${read} log lines well-formed`);
      const evidence = read === 0 ? 'no log line' : `${wellFormed} of ${read} log lines well-formed`;
      return failed(name, evidence, {
        why:
          read === 0
            ? `${name} has written no log line`
            : `a line is not in the log schema: ${firstBroken ?? ''}`,
        ...remedyFor(snapshot, stack, name),
      });
    }),
};

/** How many of the lines may be in no form: what is printed beside a logger. */
const STRAY = 0.5;

function inAnyForm(
  snapshot: Snapshot,
  stack: Stack,
  name: string,
  { read, forms, unread, firstUnread = '' }: ServiceTelemetry['logLines'],
): SubjectResult {
  if (read === 0) return undeclared(name, 'it has written no log line');
  if (forms.length === 0) return undeclared(name, 'its log lines have no time and no level');
  const evidence = `${read - unread} of ${read} log lines read as ${forms.join(', ')}`;
  if (unread <= read * STRAY) return passed(name, evidence);
  return failed(name, evidence, {
    why: `a line is in no form of its log: ${firstUnread}`,
    ...remedyFor(snapshot, stack, name),
  });
}
