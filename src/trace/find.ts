import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import type { Trace } from '../model/trace.ts';
import { openTraceStore, type TraceStore } from './store.ts';

/** Which trace is meant. */
export type Wanted = { id: string } | { correlationId: string } | { last: true };

/** Services send what they have recorded twice a second: what has happened is known after this. */
const SENT_MS = 1_000;
/** A trace whose end is older than this is whole, if none of its spans waits for the one above it. */
const SETTLED_MS = 2_000;
/** After this, a service that should have sent more has lost it. */
const LOST_MS = 8_000;
const LOOK_EVERY_MS = 250;
const MOST_LISTED = 1_000;
const ID = /^[0-9a-f]{32}$/;

/**
 * The trace that is meant, once it is whole: one that has only just happened is waited for.
 *
 * @throws QbtcError `TRACE_UNKNOWN`, and those of `openTraceStore`
 */
export async function findTrace(
  context: Pick<Context, 'http' | 'clock' | 'interrupted'>,
  stack: Stack,
  wanted: Wanted,
): Promise<Trace> {
  const { clock, interrupted } = context;
  const store = openTraceStore(context, stack);
  const begun = clock.monotonic();
  // The newest one that is known need not be the newest one that there is.
  const notBefore = 'last' in wanted ? begun + SENT_MS : begun;
  for (;;) {
    const id = await idOf(store, wanted);
    const trace = id === undefined ? undefined : await store.trace(id);
    if (trace !== undefined && clock.monotonic() >= notBefore && isSettled(trace, clock.now())) return trace;
    // Of a request of a moment ago there may be nothing yet.
    if (trace === undefined && clock.monotonic() >= begun + SETTLED_MS) throw unknown(stack, wanted);
    await clock.sleep(LOOK_EVERY_MS, interrupted);
  }
}

function isSettled({ startedAt, durationUs, spans }: Trace, now: number): boolean {
  const age = now - (Date.parse(startedAt) + durationUs / 1000);
  const known = new Set(spans.map(({ spanId }) => spanId));
  const above = spans.flatMap(({ parentSpanId }) => parentSpanId ?? []);
  // One may be the caller's, who sends no spans.
  const missing = new Set(above.filter((id) => !known.has(id)));
  return age > (missing.size > 1 ? LOST_MS : SETTLED_MS);
}

async function idOf(store: TraceStore, wanted: Wanted): Promise<string | undefined> {
  if ('correlationId' in wanted) {
    const [newest] = await store.traces({ correlationId: wanted.correlationId, limit: 1 });
    return newest?.id;
  }
  if ('last' in wanted) return (await store.traces({ limit: 1 }))[0]?.id;
  if (ID.test(wanted.id)) return wanted.id;
  const all = await store.traces({ limit: MOST_LISTED });
  const meant = all.filter(({ id }) => id.startsWith(wanted.id));
  if (meant.length < 2) return meant[0]?.id;
  throw new QbtcError('TRACE_UNKNOWN', `${meant.length} traces begin with ${wanted.id}`, {
    exit: EXIT.usage,
    details: meant.slice(0, 10).map(({ id, service, name }) => `${id} ${service} ${name}`),
    hint: 'write more digits of its id',
  });
}

function unknown(stack: Stack, wanted: Wanted): QbtcError {
  const what =
    'id' in wanted
      ? `no trace whose id begins with ${wanted.id}`
      : 'correlationId' in wanted
        ? `no trace of the correlation id ${wanted.correlationId}`
        : 'no trace yet';
  return new QbtcError('TRACE_UNKNOWN', `${stack.name} has ${what}`, {
    hint: 'not every trace is recorded (TRACE_RESERVOIR, TRACE_RATIO), and those of a day are kept: qbtc trace ls',
  });
}
