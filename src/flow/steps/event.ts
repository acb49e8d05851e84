import * as z from 'zod';
import { durationSchema, formatDuration } from '../duration.ts';
import type { EventLog, TappedEvent } from '../event-log.ts';
import { messageConditionsSchema, messageMismatches } from '../message.ts';
import { defineStepKind, type StepScope } from '../step-kind.ts';

const pick = z
  .strictObject({
    /** The name of the event: its envelope's `type`, or the property. */
    type: z.string().optional(),
    exchange: z.string().optional(),
    routing_key: z.string().optional(),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), {
    error: 'at least one of type, exchange and routing_key',
  });
type Pick = z.infer<typeof pick>;

/**
 * An event of the flow's correlation id, or one that `match` tells, that a tap saw. It is looked for among all that were
 * seen since the flow began; when it is not there yet, it is waited for until `within` after the flow's last request.
 */
export const event = defineStepKind({
  acts: false,
  shape: {
    event: pick,
    /** Which one it is, where it does not carry the flow's correlation id. */
    match: messageConditionsSchema.optional(),
    /** Conditions on the message; `json` on its whole body: `$.data.kind`. */
    expect: messageConditionsSchema.default({}),
    within: durationSchema.default(5_000),
  },
  prepare: ({ event: template, match: matchTemplate, expect: expectation, within }) => ({
    matchesOthers: matchTemplate !== undefined,
    async run(scope) {
      const wanted = scope.fill(template);
      const match = scope.fill(matchTemplate);
      const expected = scope.fill(expectation);
      if (scope.events.blindness) {
        const { resource, reason } = scope.events.blindness;
        return { status: 'failed', blame: resource, evidence: `the broker could not be watched: ${reason}` };
      }
      const mismatches = ({ message, document }: TappedEvent) =>
        messageMismatches(message, document, expected);
      const isCandidate = (seen: TappedEvent) =>
        isPicked(seen, wanted) &&
        (match === undefined || messageMismatches(seen.message, seen.document, match).length === 0);

      const deadline = scope.actedAt + within;
      const search = new Search(scope.events, { others: match !== undefined, isCandidate, mismatches });
      await untilFound(scope, search, deadline);

      const { found, last } = search;
      const what = nameOf(wanted);
      if (found && found.message.receivedAt <= deadline) {
        return {
          status: 'passed',
          seenAt: found.message.receivedAt,
          evidence: `${what} was in the broker`,
          document: found.document,
        };
      }
      const allowed = formatDuration(within);
      if (found) {
        const after = formatDuration(found.message.receivedAt - scope.actedAt);
        return { status: 'failed', evidence: `${what} came after ${after}, allowed were ${allowed}` };
      }
      if (last) {
        return {
          status: 'failed',
          evidence: `${what} was in the broker, but ${mismatches(last).join('; ')}`,
        };
      }
      const { anonymous } = scope.events;
      const nameless =
        match !== undefined || anonymous === 0
          ? ''
          : `; ${anonymous} passed without the id of a request: "match" finds such a message by what it holds`;
      return {
        status: 'failed',
        evidence: `no ${what}${scope.hasStopped ? '' : ` within ${allowed}`}${nameless}`,
      };
    },
  }),
});

function isPicked({ type, message }: TappedEvent, wanted: Pick): boolean {
  return (
    (wanted.type === undefined || type === wanted.type) &&
    (wanted.exchange === undefined || message.exchange === wanted.exchange) &&
    (wanted.routing_key === undefined || message.routingKey === wanted.routing_key)
  );
}

function nameOf({ type, exchange, routing_key: key }: Pick): string {
  if (type !== undefined) return type;
  return [
    'message',
    ...(exchange === undefined ? [] : [`of ${exchange}`]),
    ...(key === undefined ? [] : [`with the routing key ${key}`]),
  ].join(' ');
}

interface SearchOptions {
  /** Also among messages of other requests. */
  others: boolean;
  isCandidate: (seen: TappedEvent) => boolean;
  mismatches: (seen: TappedEvent) => string[];
}

/** Goes once through what the taps have seen, as it comes. */
class Search {
  readonly #log: EventLog;
  readonly #options: SearchOptions;
  readonly #places = { own: 0, others: 0 };
  /** The first that fits. */
  found: TappedEvent | undefined;
  /** The last that is the one, and not as expected. */
  last: TappedEvent | undefined;

  constructor(log: EventLog, options: SearchOptions) {
    this.#log = log;
    this.#options = options;
  }

  /** Whether one that fits is there. */
  look(): boolean {
    const { others, isCandidate, mismatches } = this.#options;
    for (const list of ['own', ...(others ? ['others' as const] : [])] as ('own' | 'others')[]) {
      const { events, end } = this.#log[list].since(this.#places[list]);
      this.#places[list] = end;
      for (const seen of events.filter(isCandidate)) {
        if (mismatches(seen).length > 0) this.last = seen;
        else if (this.found === undefined || seen.message.receivedAt < this.found.message.receivedAt)
          this.found = seen;
      }
    }
    return this.found !== undefined;
  }
}

/** Waits for an event that fits; returns at the deadline, or at once when the flow has stopped already. */
async function untilFound(
  { events, context, signal, hasStopped }: StepScope,
  search: Search,
  deadline: number,
): Promise<void> {
  if (search.look() || hasStopped) return;
  const expiry = new AbortController();
  const over = AbortSignal.any([signal, expiry.signal]);
  const left = deadline - context.clock.monotonic();
  if (left <= 0) return;
  context.clock.sleep(left, over).then(
    () => expiry.abort(),
    () => {},
  );
  try {
    while (!search.look() && !over.aborted) await events.next(over).catch(() => {});
  } finally {
    expiry.abort();
  }
}
