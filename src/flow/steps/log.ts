import * as z from 'zod';
import { hasFields } from '../../json.ts';
import { jsonConditionsSchema, jsonMismatches } from '../conditions.ts';
import { durationSchema } from '../duration.ts';
import { type JsonValue, parsedJson } from '../json-path.ts';
import { type Look, poll } from '../poll.ts';
import { defineStepKind } from '../step-kind.ts';

/** What several flows at the same time may have written meanwhile. */
const LINES = 500;

/** A log line of the flow's correlation id, in the stack's log schema, that is as expected. */
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
        const lines = (await scope.readLog(subject, LINES)).flatMap((line) => parsed(line));
        const own = lines.filter(({ correlation_id: id }) => id === scope.correlationId);
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

function parsed(line: string): { [name: string]: JsonValue }[] {
  const value = parsedJson(line);
  return hasFields(value) ? [value] : [];
}
