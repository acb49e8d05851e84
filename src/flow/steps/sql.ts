import * as z from 'zod';
import type { SqlConnection } from '../../context.ts';
import { messageOf } from '../../errors.ts';
import { isNumber, jsonText, parseJson } from '../../json.ts';
import { resourceOfKind } from '../../resources/facts.ts';
import { conditionSchema, jsonConditionsSchema, jsonMismatches, mismatch, shown } from '../conditions.ts';
import { durationSchema } from '../duration.ts';
import type { JsonValue } from '../json-path.ts';
import { jsonValueSchema } from '../json-value.ts';
import { type Look, poll } from '../poll.ts';
import { defineStepKind } from '../step-kind.ts';

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
    values: z.array(jsonValueSchema).default([]),
    expect: expectation.default({ rows: { at_least: 1 } }),
    every: durationSchema.default(100),
    within: durationSchema.default(5_000),
  },
  prepare: ({ resource, query, values: valueTemplates, expect: expectationTemplate, every, within }) => ({
    database: (stack) => resourceOfKind(stack, 'postgres', resource),
    async run(scope) {
      const values = scope.fill(valueTemplates);
      const expected = scope.fill(expectationTemplate);
      const database = resourceOfKind(scope.stack, 'postgres', resource);
      if (!database) return { status: 'failed', evidence: 'the stack declares no such postgres resource' };

      let connection: SqlConnection;
      try {
        connection = await scope.databases.connection(database);
      } catch (error) {
        const evidence = `the database could not be asked: ${messageOf(error)}`;
        return { status: 'failed', blame: database.name, evidence };
      }
      try {
        const result = await poll(scope, { every, within }, async (): Promise<Look<JsonValue[]>> => {
          const rows = asJson((await connection.query(query, values.map(parameterOf))).rows);
          const mismatches = [
            expected.rows === undefined ? undefined : mismatch('rows', rows.length, expected.rows),
            ...jsonMismatches(rows, expected.json),
          ].filter((reason) => reason !== undefined);
          if (mismatches.length === 0) return { found: rows };
          return {
            last: `${mismatches.join('; ')}; last value ${rows.length === 0 ? 'no row' : shown(rows)}`,
          };
        });
        if ('last' in result) return { status: 'failed', evidence: result.last };
        return {
          status: 'passed',
          seenAt: scope.context.clock.monotonic(),
          evidence: `the rows were ${shown(result.found)}`,
          document: result.found,
        };
      } catch (error) {
        return { status: 'failed', evidence: `the query failed: ${messageOf(error)}` };
      }
    },
  }),
});

/** Rows as JSON holds them: dates become texts, which is what a condition can compare. */
function asJson(rows: Record<string, unknown>[]): JsonValue[] {
  return parseJson(jsonText(rows)) as JsonValue[];
}

/** Numbers go to the database with all of their digits, a mapping as the JSON that it is. */
function parameterOf(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(parameterOf);
  if (isNumber(value)) return typeof value === 'number' ? value : String(value);
  return typeof value === 'object' && value !== null ? jsonText(value) : value;
}
