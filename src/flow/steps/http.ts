import * as z from 'zod';
import type { HttpRequest } from '../../context.ts';
import { messageOf } from '../../errors.ts';
import { jsonText } from '../../json.ts';
import { answerDetails, answerExpectationSchema, answerMismatches, documentOf } from '../answer.ts';
import { correlated } from '../correlated.ts';
import { curlOf } from '../curl.ts';
import { durationSchema, formatDuration } from '../duration.ts';
import { jsonValueSchema } from '../json-value.ts';
import { type Look, poll } from '../poll.ts';
import { defineStepKind, type Exchange, type StepOutcome, type StepScope } from '../step-kind.ts';

const requestSchema = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
  url: z.string(),
  headers: z.record(z.string(), z.string()).default({}),
  /** Sent as JSON, with its content type. */
  json: jsonValueSchema.optional(),
  /** Sent as it stands. */
  body: z.string().optional(),
});

/** Sends an HTTP request, waits for its answer, and holds it against `expect`; with `until` again and again. */
export const http = defineStepKind({
  acts: true,
  shape: {
    /** Under this name an `answer` step finds the answer again. */
    id: z.string().optional(),
    request: requestSchema.refine(({ json, body }) => json === undefined || body === undefined, {
      error: 'either json or body, not both',
    }),
    expect: answerExpectationSchema.default({}),
    within: durationSchema.default(10_000),
    /** So long the request is sent again while the answer is another one than expected. */
    until: durationSchema.optional(),
    every: durationSchema.default(500),
  },
  prepare: (step) => ({
    leaves: step.id,
    async run(scope) {
      const { until, every } = step;
      if (until === undefined) return requested(step, scope);
      let last: StepOutcome | undefined;
      const result = await poll(scope, { every, within: until }, async (): Promise<Look<StepOutcome>> => {
        last = await requested(step, scope);
        return last.status === 'passed' ? { found: last } : { last: last.evidence };
      });
      return 'found' in result ? result.found : { status: 'failed', ...last, evidence: result.last };
    },
  }),
});

interface HttpStep {
  id?: string | undefined;
  request: z.output<typeof requestSchema>;
  expect: z.output<typeof answerExpectationSchema>;
  within: number;
}

async function requested(
  { id, request: written, expect, within }: HttpStep,
  scope: StepScope,
): Promise<StepOutcome> {
  const request = correlated(written, scope.stack);
  const { url, ...spec } = scope.fill(request);
  const curl = curlOf(scope.fillPublic(request));
  scope.actedAt = scope.context.clock.monotonic();
  const { exchange, refused } = await send(scope, url, toRequest(spec, within, scope), within);
  if (id !== undefined) scope.exchanges.set(id, exchange);
  if (exchange.answer === undefined) {
    return { status: refused ? 'failed' : 'unseen', evidence: exchange.summary, curl };
  }
  const { answer, tookMs } = exchange;
  const mismatches = await answerMismatches({ answer, tookMs }, scope.fill(expect), scope.stack.root);
  const outcome: StepOutcome = {
    status: mismatches.length === 0 ? 'passed' : 'failed',
    evidence: mismatches.length === 0 ? `answered ${exchange.summary}` : mismatches.join('; '),
    document: exchange.answer.document,
    curl,
  };
  return mismatches.length === 0
    ? { ...outcome, seenAt: exchange.endedAt }
    : { ...outcome, details: answerDetails(answer) };
}

function toRequest(
  spec: Omit<z.infer<typeof requestSchema>, 'url'>,
  timeoutMs: number,
  { signal, traceparent }: StepScope,
): HttpRequest {
  const body = spec.json === undefined ? spec.body : jsonText(spec.json);
  const headers = {
    traceparent,
    ...(spec.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...spec.headers,
  };
  return { method: spec.method, headers, ...(body === undefined ? {} : { body }), timeoutMs, signal };
}

/** One exchange; `refused` tells that nobody took the request, other than that nobody answered it in time. */
async function send(
  { context, signal }: StepScope,
  url: string,
  request: HttpRequest,
  within: number,
): Promise<{ exchange: Exchange; refused: boolean }> {
  const startedAt = context.clock.monotonic();
  try {
    const response = await context.http(url, request);
    const document = documentOf(response);
    const answer = { ...response, document };
    const endedAt = context.clock.monotonic();
    const tookMs = endedAt - startedAt;
    return { exchange: { answer, summary: String(response.status), endedAt, tookMs }, refused: false };
  } catch (error) {
    const endedAt = context.clock.monotonic();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const summary = signal.aborted
      ? 'no answer before the flow was over'
      : code === 'ETIMEDOUT'
        ? `no answer within ${formatDuration(within)}`
        : `no answer from ${url}: ${messageOf(error) || code}`;
    const tookMs = endedAt - startedAt;
    return { exchange: { answer: undefined, summary, endedAt, tookMs }, refused: code === 'ECONNREFUSED' };
  }
}
