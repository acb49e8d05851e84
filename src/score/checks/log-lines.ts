import { type Check, failed, notMeasured, passed } from '../check.ts';
import { remedyFor } from '../remedy.ts';

/** Every log line that was read of a service parses in the stack's one schema. */
export const logLines: Check = {
  component: 'monitoring',
  severity: 'minor',
  about:
    'The last 200 log lines of each replica parse in the one schema of the stack (JSON with timestamp, level, service, message); there is at least one.',
  nothingDeclared: 'the stack declares no service',
  examine: (snapshot, stack) =>
    stack.services.map(({ name, url }) => {
      if (url !== undefined) return notMeasured(name, 'qbtc does not run it, and reads no log of it');
      const { telemetry } = snapshot;
      if (!telemetry.measured) return notMeasured(name, telemetry.reason);
      const lines = telemetry.value.find((candidate) => candidate.service === name)?.logLines;
      if (!lines) return notMeasured(name, 'its log was not read');
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
