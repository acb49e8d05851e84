import * as z from 'zod';
import { messageOf } from '../../errors.ts';
import { openTraceStore } from '../../trace/index.ts';
import { conditionSchema, jsonConditionsSchema, jsonMismatches, mismatch } from '../conditions.ts';
import { durationSchema } from '../duration.ts';
import type { JsonValue } from '../json-path.ts';
import { type Look, poll } from '../poll.ts';
import { defineStepKind } from '../step-kind.ts';

/** The trace of the flow's correlation id, as the stack has kept it. */
export const trace = defineStepKind({
  acts: false,
  shape: {
    expect: z
      .strictObject({
        /** How many spans. */
        spans: conditionSchema.optional(),
        /** Milliseconds from its beginning to its end. */
        duration: conditionSchema.optional(),
        /** Conditions on `{id, durationMs, services, failed, spans: [{service, name, kind, failed, durationMs}]}`. */
        json: jsonConditionsSchema.optional(),
      })
      .default({ spans: { at_least: 1 } }),
    every: durationSchema.default(250),
    within: durationSchema.default(5_000),
  },
  prepare: ({ expect: expectation, every, within }) => ({
    async run(scope) {
      const expected = scope.fill(expectation);
      const blame = scope.stack.tracing?.service;
      try {
        const store = openTraceStore({ http: scope.context.http, interrupted: scope.signal }, scope.stack);
        const result = await poll(scope, { every, within }, async (): Promise<Look<JsonValue>> => {
          const [newest] = await store.traces({ correlationId: scope.correlationId, limit: 1 });
          const found = newest && (await store.trace(newest.id));
          if (found === undefined) return { last: 'no trace of this correlation id' };
          const durationMs = found.durationUs / 1000;
          const document = {
            id: found.id,
            durationMs,
            services: found.services,
            failed: found.spans.some(({ failed }) => failed),
            spans: found.spans.map(({ service, name, kind, failed, durationUs }) => ({
              service,
              name,
              kind,
              failed,
              durationMs: durationUs / 1000,
            })),
          };
          const reasons = [
            expected.spans === undefined ? undefined : mismatch('spans', found.spans.length, expected.spans),
            expected.duration === undefined
              ? undefined
              : mismatch('milliseconds', durationMs, expected.duration),
            ...jsonMismatches(document, expected.json),
          ].filter((reason) => reason !== undefined);
          return reasons.length === 0 ? { found: document } : { last: reasons.join('; ') };
        });
        if ('last' in result) return { status: 'failed', evidence: `the trace: ${result.last}` };
        return {
          status: 'passed',
          evidence: `trace ${String((result.found as { id: string }).id).slice(0, 12)} was kept`,
          document: result.found,
        };
      } catch (error) {
        return {
          status: 'failed',
          evidence: messageOf(error),
          ...(blame === undefined ? {} : { blame }),
        };
      }
    },
  }),
});
