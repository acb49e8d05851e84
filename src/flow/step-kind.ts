import type * as z from 'zod';
import type { Context, RedisConnection, SqlConnection } from '../context.ts';
import type { LogLine } from '../model/log.ts';
import type { Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import type { Connections } from './connections.ts';
import type { EventLog } from './event-log.ts';
import type { FlowBroker } from './flow-broker.ts';
import type { JsonValue } from './json-path.ts';

/** What a flow reaches of the world. */
export type FlowContext = Pick<
  Context,
  'http' | 'amqp' | 'sql' | 'redis' | 'exec' | 'clock' | 'interrupted' | 'installation'
>;

/** An answer that an `http` step got, or why there is none. */
export interface Exchange {
  answer:
    | { status: number; headers: Record<string, string>; body: string; document: JsonValue | undefined }
    | undefined;
  /** `200`, or `no answer within 10 s`. */
  summary: string;
  /** `clock.monotonic()` when the answer was complete or given up. */
  endedAt: number;
  /** Milliseconds from the request until then. */
  tookMs: number;
}

/** What a step may use while it runs. One for each step. */
export interface StepScope {
  context: FlowContext;
  stack: Stack;
  correlationId: string;
  /** W3C trace context of the flow, recorded in any case: its trace has the digits of the correlation id. */
  traceparent: string;
  events: EventLog;
  databases: Connections<SqlConnection>;
  caches: Connections<RedisConnection>;
  broker: FlowBroker;
  /** The last log lines of a service or resource. */
  readLog(subject: string, lines: number): Promise<LogLine[]>;
  /** The exchanges of the `http` steps so far, by their `id`. */
  exchanges: Map<string, Exchange>;
  /** `clock.monotonic()` when the last request of the flow was sent: what a step waits for is counted from there. */
  actedAt: number;
  /** The flow has stopped before this step: look once at what is there, do not wait. */
  hasStopped: boolean;
  /** Aborted at the flow's own deadline and when the user interrupts. */
  signal: AbortSignal;
  /** Fills in `${…}`. */
  fill<Value>(value: Value): Value;
  /** The same with `${secrets.NAME}` left as it is: for what is printed. */
  fillPublic<Value>(value: Value): Value;
  /** Says which try of a poll this is and what it saw. */
  onTry(attempt: number, of: number, last: string): void;
}

/**
 * - `passed`: the hop was seen;
 * - `failed`: it was looked for in time and not there, or not as expected;
 * - `unseen`: nothing is known either way (no answer in time). The hop counts as passed when a later one was seen,
 *   as that could not have happened without it.
 */
export type StepOutcome = {
  status: 'passed' | 'failed' | 'unseen';
  /** `clock.monotonic()` when the hop was seen. */
  seenAt?: number;
  /** `false`: that it passed says nothing of the hops before it. */
  vouches?: false;
  /** What was seen, or seen last instead, for people. Never holds a secret of a request. */
  evidence: string;
  /** What was seen in full instead of what was expected, line by line and within bounds. */
  details?: string[];
  /** What `capture` reads from. */
  document?: JsonValue | undefined;
  /** A command that sends the same request by hand; secrets are left to `qbtc secrets get`. */
  curl?: string;
  /** The resource that is to blame instead of the hop's subject, when it kept the step from looking. */
  blame?: string;
};

/** A step as it was read, ready to run: the kind's own part is closed over. */
export interface PreparedStep {
  run(scope: StepScope): Promise<StepOutcome>;
  /** The database that it asks: connected to before the flow begins, so that connecting counts for no hop. */
  database?(stack: Stack): Resource | undefined;
  /** The `id` under which an `http` step leaves its answer. */
  leaves?: string | undefined;
  /** The `id` of the `http` step whose answer this step reads. */
  reads?: string | undefined;
  /** Looks also among messages that do not carry the flow's correlation id. */
  matchesOthers?: boolean;
}

/**
 * One kind of step: a file in `steps/`, and a line in `step-registry.ts`. In a flow file a step is
 * `{kind: NAME, hop, capture?}` with the kind's own keys beside them.
 */
export interface StepKind {
  /** Acts on the stack. Such a step is left out once the flow has stopped; the others still look. */
  acts: boolean;
  /** The kind's own keys of a step. */
  shape: z.ZodRawShape;
  /** Tells what no single key can. */
  refine?(read: unknown, issues: z.RefinementCtx): void;
  /** Turns these keys, as they were read with `shape`, into what runs. */
  prepare(read: unknown): PreparedStep;
}

/** Gives a kind its types inside, while the registry holds all kinds alike. */
export function defineStepKind<Shape extends z.ZodRawShape>(kind: {
  acts: boolean;
  shape: Shape;
  refine?(read: z.infer<z.ZodObject<Shape>>, issues: z.RefinementCtx): void;
  prepare(read: z.infer<z.ZodObject<Shape>>): PreparedStep;
}): StepKind {
  return {
    acts: kind.acts,
    shape: kind.shape,
    // `read` was parsed with this shape, as part of the whole step.
    refine: (read, issues) => kind.refine?.(read as z.infer<z.ZodObject<Shape>>, issues),
    prepare: (read) => kind.prepare(read as z.infer<z.ZodObject<Shape>>),
  };
}
