import { z } from 'zod';
import type { SqlConnection } from '../../context.ts';
import { messageOf } from '../../errors.ts';
import { conditionSchema, jsonConditionsSchema, jsonMismatches, mismatch, shown } from '../conditions.ts';
import { durationSchema, formatDuration } from '../duration.ts';
import type { JsonValue } from '../json-path.ts';
import { defineStepKind, type StepScope } from '../step-kind.ts';

const CONNECT_TIMEOUT_MS = 3_000;

const expectation = z.strictObject({
  /** How many rows. */
  rows: conditionSchema.optional(),
  /** Conditions on the list of rows: `$[0].status`. */
  json: jsonConditionsSchema.optional(),
});

/** Asks the database again and again until the expectation holds or the time is over. */
export const sql = defineStepKind({
  acts: false,
  shape: {
    /** The resource of the kind `postgres`; the stack's first one when left out. */
    resource: z.string().optional(),
    /** One statement; values go in as `$1`, `$2`, … and never into the text. */
    query: z.string().refine((text) => !text.includes('${'), {
      error: 'SQL without ${...}: write $1 and put the value into values',
    }),
    values: z.array(z.json()).default([]),
    expect: expectation.default({ rows: { at_least: 1 } }),
    every: durationSchema.default(100),
    within: durationSchema.default(5_000),
  },
  prepare: ({ resource, query, values: valueTemplates, expect: expectationTemplate, every, within }) => ({
    async run(scope) {
      const values = scope.fill(valueTemplates);
      const expected = scope.fill(expectationTemplate);
      const database = scope.stack.resources.find((candidate) =>
        resource === undefined ? candidate.kind === 'postgres' : candidate.name === resource,
      );
      if (!database) return { status: 'failed', evidence: 'the stack declares no postgres resource' };

      let connection: SqlConnection;
      try {
        connection = await scope.context.sql(database.endpoint.url, { timeoutMs: CONNECT_TIMEOUT_MS });
      } catch (error) {
        const evidence = `the database could not be asked: ${messageOf(error)}`;
        return { status: 'failed', blame: database.name, evidence };
      }
      try {
        const tries = scope.hasStopped ? 1 : Math.max(1, Math.ceil(within / every));
        let last = '';
        for (let attempt = 1; attempt <= tries; attempt += 1) {
          const rows = asJson((await connection.query(query, values)).rows);
          const mismatches = [
            expected.rows === undefined ? undefined : mismatch('rows', rows.length, expected.rows),
            ...jsonMismatches(rows, expected.json),
          ].filter((reason) => reason !== undefined);
          if (mismatches.length === 0) {
            return {
              status: 'passed',
              seenAt: scope.context.clock.monotonic(),
              evidence: `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}${rows[0] === undefined ? '' : ` ${shown(rows[0])}`}`,
              document: rows,
            };
          }
          last = `${mismatches.join('; ')}; last value ${rows.length === 0 ? 'no row' : shown(rows)}`;
          scope.onTry(attempt, tries, last);
          if (attempt < tries && !(await pause(scope, every))) {
            return { status: 'failed', evidence: `try ${attempt}/${tries}: ${last}` };
          }
        }
        const waited = tries === 1 ? '' : ` within ${formatDuration(within)}`;
        return { status: 'failed', evidence: `try ${tries}/${tries}${waited}: ${last}` };
      } catch (error) {
        return { status: 'failed', evidence: `the query failed: ${messageOf(error)}` };
      } finally {
        await connection.close();
      }
    },
  }),
});

/** False when the flow is over before the pause is. */
async function pause({ context, signal }: StepScope, ms: number): Promise<boolean> {
  return context.clock.sleep(ms, signal).then(
    () => true,
    () => false,
  );
}

/** Rows as JSON holds them: dates become texts, which is what a condition can compare. */
function asJson(rows: Record<string, unknown>[]): JsonValue[] {
  return JSON.parse(JSON.stringify(rows));
}
