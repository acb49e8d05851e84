import * as z from 'zod';
import { hasFields } from '../../json.ts';
import type { LogLine } from '../../model/log.ts';
import { jsonConditionsSchema, jsonMismatches } from '../conditions.ts';
import { durationSchema } from '../duration.ts';
import { type JsonValue, parsedJson } from '../json-path.ts';
import { type Look, poll } from '../poll.ts';
import { defineStepKind } from '../step-kind.ts';

/** What several flows at the same time may have written meanwhile. */
const LINES = 500;

/** A log line of the flow's correlation id that is as expected, as the stack's log schema would have it. */
export const log = defineStepKind({
  acts: false,
  shape: {
    /** The service or resource whose log it is. */
    of: z.string(),
    /** Conditions on the line: `$.message`, `$.level`, `$.context.engine`. */
    expect: z.strictObject({ json: jsonConditionsSchema }).default({ json: {} }),
    every: durationSchema.default(200),
    within: durationSchema.default(5_000),
  },
  prepare: ({ of: subject, expect: expectation, every, within }) => ({
    async run(scope) {
      const expected = scope.fill(expectation);
      const result = await poll(scope, { every, within }, async (): Promise<Look<JsonValue>> => {
        const lines = await scope.readLog(subject, LINES);
        const own = lines.filter(({ correlationId: id }) => id === scope.correlationId).map(documentOf);
        const found = own.find((line) => jsonMismatches(line, expected.json).length === 0);
        if (found !== undefined) return { found };
        const last = own.at(-1);
        return {
          last:
            last === undefined
              ? `no line of this correlation id among the last ${lines.length}`
              : jsonMismatches(last, expected.json).join('; '),
        };
      });
      if ('last' in result) return { status: 'failed', evidence: `the log of ${subject}: ${result.last}` };
      return {
        status: 'passed',
        seenAt: scope.context.clock.monotonic(),
        evidence: `${subject} has written it`,
        document: result.found,
      };
    },
  }),
});

/**
 * A line as conditions look into it: its own members where it is JSON, and beside them what every form has by the names of
 * the stack's schema, so that `$.message` and `$.level` mean the same for all.
 */
function documentOf(line: LogLine): JsonValue {
  const { timestamp, level, source, message, correlationId, error, fields } = line;
  const written = parsedJson(line.raw);
  const own = hasFields(written) ? written : {};
  const told = {
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(level === undefined ? {} : { level }),
    message,
    ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
  };
  const context = { ...fields, ...(error === undefined ? {} : { error }) };
  return { service: source, context: context as JsonValue, ...own, ...told };
}
