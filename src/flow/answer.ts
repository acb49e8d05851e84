import { createParser } from 'eventsource-parser';
import * as z from 'zod';
import type { HttpResponse } from '../context.ts';
import { boundedLines } from './bounded-lines.ts';
import {
  type Condition,
  conditionSchema,
  jsonConditionsSchema,
  jsonMismatches,
  mismatch,
} from './conditions.ts';
import { type JsonValue, parsedJson } from './json-path.ts';
import { jsonValueSchema } from './json-value.ts';
import type { Exchange } from './step-kind.ts';

/** What can be expected of an HTTP answer. */
export const answerExpectationSchema = z.strictObject({
  status: conditionSchema.optional(),
  /** By header name, in any case. */
  headers: z.record(z.string(), conditionSchema).optional(),
  /** By JSONPath. A stream of server-sent events is read as `{events: [{event, data}]}`. */
  json: jsonConditionsSchema.optional(),
  /** The body as text. */
  body: conditionSchema.optional(),
  /** The document keeps to this JSON Schema (draft 2020-12): written here, or a file relative to qbtc.yaml. */
  schema: z.union([z.string().min(1), z.record(z.string(), jsonValueSchema)]).optional(),
  /** How long the answer took, in milliseconds. */
  duration: conditionSchema.optional(),
});

export type AnswerExpectation = z.infer<typeof answerExpectationSchema>;

/**
 * The body as a JSON document: JSON as it is, server-sent events (WHATWG HTML, 9.2) as
 * `{events: [{event, data}]}` with each `data` parsed where it is JSON. `undefined` for anything else.
 */
export function documentOf(response: HttpResponse): JsonValue | undefined {
  const type = response.headers['content-type'] ?? '';
  if (type.startsWith('text/event-stream')) {
    const events: JsonValue[] = [];
    const parser = createParser({
      onEvent: ({ event, data }) =>
        events.push({ event: event ?? 'message', data: parsedJson(data) ?? data }),
    });
    parser.feed(response.body);
    return { events };
  }
  return parsedJson(response.body);
}

/**
 * What of the expectation does not hold, one line each; empty when all holds.
 *
 * @param root where the files of schemas are found
 */
export async function answerMismatches(
  { answer, tookMs }: { answer: NonNullable<Exchange['answer']>; tookMs: number },
  expected: AnswerExpectation,
  root: string,
): Promise<string[]> {
  const about = (what: string, actual: JsonValue | undefined, condition: Condition | undefined) =>
    condition === undefined ? undefined : mismatch(what, actual, condition);
  return [
    about('status', answer.status, expected.status),
    ...Object.entries(expected.headers ?? {}).map(([name, condition]) =>
      about(`header ${name}`, answer.headers[name.toLowerCase()], condition),
    ),
    about('body', answer.body, expected.body),
    about('the duration in ms', Math.round(tookMs), expected.duration),
    ...jsonMismatches(answer.document, expected.json),
    ...(expected.schema === undefined
      ? []
      : await (await import('./json-schema.ts')).schemaMismatches(answer.document, expected.schema, root)),
  ].filter((reason) => reason !== undefined);
}

/** What came back instead of what was expected, for people. */
export function answerDetails({ status, headers, body }: NonNullable<Exchange['answer']>): string[] {
  const type = headers['content-type'];
  const head = `the answer: ${status}${type === undefined ? '' : `, ${type}`}`;
  return body === '' ? [`${head}, no body`] : [head, ...boundedLines(body)];
}
