import * as z from 'zod';
import { jsonConditionsSchema, jsonMismatches } from '../conditions.ts';
import { durationSchema, formatDuration } from '../duration.ts';
import type { TappedEvent } from '../event-log.ts';
import { defineStepKind, type StepScope } from '../step-kind.ts';

const pick = z.strictObject({
  /** The envelope's `type`. */
  type: z.string(),
  exchange: z.string().optional(),
  routing_key: z.string().optional(),
});

/**
 * An event of the flow's correlation id that a tap saw. It is looked for among all that were seen since the flow
 * began; when it is not there yet, it is waited for until `within` after the flow's last request.
 */
export const event = defineStepKind({
  acts: false,
  shape: {
    event: pick,
    /** Conditions on the whole envelope: `$.data.kind`. */
    expect: z.strictObject({ json: jsonConditionsSchema }).default({ json: {} }),
    within: durationSchema.default(5_000),
  },
  prepare: ({ event: template, expect: expectation, within }) => ({
    async run(scope) {
      const wanted = scope.fill(template);
      const expected = scope.fill(expectation);
      if (scope.events.blindness) {
        const { resource, reason } = scope.events.blindness;
        return { status: 'failed', blame: resource, evidence: `the broker could not be watched: ${reason}` };
      }
      const isCandidate = (seen: TappedEvent) =>
        seen.type === wanted.type &&
        (wanted.exchange === undefined || seen.exchange === wanted.exchange) &&
        (wanted.routing_key === undefined || seen.routingKey === wanted.routing_key);
      const holds = (seen: TappedEvent) => jsonMismatches(seen.document, expected.json).length === 0;

      const deadline = scope.actedAt + within;
      await untilSeen(scope, (seen) => isCandidate(seen) && holds(seen), deadline);

      const candidates = scope.events.events.filter(isCandidate);
      const found = candidates.find(holds);
      if (found && found.seenAt <= deadline) {
        return {
          status: 'passed',
          seenAt: found.seenAt,
          evidence: `${wanted.type} was in the broker`,
          document: found.document,
        };
      }
      const allowed = formatDuration(within);
      if (found) {
        const after = formatDuration(found.seenAt - scope.actedAt);
        return { status: 'failed', evidence: `${wanted.type} came after ${after}, allowed were ${allowed}` };
      }
      const last = candidates.at(-1);
      if (last) {
        const reasons = jsonMismatches(last.document, expected.json).join('; ');
        return { status: 'failed', evidence: `${wanted.type} was in the broker, but ${reasons}` };
      }
      return {
        status: 'failed',
        evidence: `no ${wanted.type}${scope.hasStopped ? '' : ` within ${allowed}`}`,
      };
    },
  }),
});

/** Waits for an event that fits; returns at the deadline, or at once when the flow has stopped already. */
async function untilSeen(
  { events, context, signal, hasStopped }: StepScope,
  fits: (seen: TappedEvent) => boolean,
  deadline: number,
): Promise<void> {
  if (hasStopped) return;
  const expiry = new AbortController();
  const over = AbortSignal.any([signal, expiry.signal]);
  const left = deadline - context.clock.monotonic();
  if (left <= 0) return;
  context.clock.sleep(left, over).then(
    () => expiry.abort(),
    () => {},
  );
  try {
    while (!events.events.some(fits) && !over.aborted) await events.next(over).catch(() => {});
  } finally {
    expiry.abort();
  }
}
