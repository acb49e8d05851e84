import { randomBytes, randomUUID } from 'node:crypto';
import type { MessageSettings } from '../broker/message.ts';
import type { SqlConnection } from '../context.ts';
import { messageOf } from '../errors.ts';
import type { FlowResult } from '../model/flow.ts';
import type { Stack } from '../model/stack.ts';
import { Connections } from './connections.ts';
import { EventLog, readEvent } from './event-log.ts';
import type { Flow } from './flow.ts';
import { FlowBroker } from './flow-broker.ts';
import { select } from './json-path.ts';
import type { FlowContext, StepOutcome, StepScope } from './step-kind.ts';
import type { Subjects } from './subjects.ts';
import { fill } from './variables.ts';
import { judge, type SeenStep } from './verdict.ts';

const SHOWN_LOG_LINES = 10;

/** What a run says of itself while it goes on. */
export type FlowProgress = { flow: string; hop: number; of: number; name: string; subject: string } & (
  | { state: 'looking' }
  | { state: 'trying'; try: number; tries: number; last: string }
  | { state: 'passed' | 'failed' | 'unseen'; evidence: string }
);

export interface RunFlowOptions {
  subjects: Subjects;
  onProgress?: ((progress: FlowProgress) => void) | undefined;
}

/**
 * Runs one flow. Its steps are carried out in order; when one finds no evidence, those after it still look at what is
 * there, without waiting, so that the first hop without evidence is told from the ones that it merely starved.
 *
 * @throws only the reason of an interruption: whatever fails in the stack is part of the result
 */
export async function runFlow(
  context: FlowContext,
  stack: Stack,
  flow: Flow,
  { subjects, onProgress }: RunFlowOptions,
): Promise<FlowResult> {
  const { clock, interrupted } = context;
  const correlationId = randomUUID();
  const captures = new Map<string, unknown>();
  const events = new EventLog(correlationId, {
    others: flow.steps.some(({ prepared }) => prepared.matchesOthers === true),
  });
  const over = new AbortController();
  const signal = AbortSignal.any([interrupted, over.signal]);
  const databases = new Connections(context.sql);
  const caches = new Connections(context.redis);
  const broker = new FlowBroker(context, stack, flow.name);
  await Promise.all([watch(broker, flow, events, stack), connectAhead(databases, stack, flow)]);
  const startedAt = clock.monotonic();
  const since = clock.now();
  clock.sleep(flow.timeout, signal).then(
    () => over.abort(),
    () => {},
  );

  const scope: StepScope = {
    context,
    stack,
    correlationId,
    traceparent: `00-${correlationId.replaceAll('-', '')}-${randomBytes(8).toString('hex')}-01`,
    events,
    databases,
    caches,
    broker,
    readLog: (subject, lines) => subjects.readLog(subject, lines),
    exchanges: new Map(),
    actedAt: startedAt,
    hasStopped: false,
    signal,
    fill: (value) => fill(value, { stack, correlationId, captures }),
    fillPublic: (value) => fill(value, { stack, correlationId, captures, keepSecrets: true }),
    onTry: () => {},
  };

  const seen: SeenStep[] = [];
  try {
    for (const [index, step] of flow.steps.entries()) {
      const place = {
        flow: flow.name,
        hop: index + 1,
        of: flow.steps.length,
        name: step.hop.proves,
        subject: step.hop.subject,
      };
      if (over.signal.aborted) scope.hasStopped = true;
      if (scope.hasStopped && step.kind.acts) {
        seen.push({ step, outcome: undefined });
        continue;
      }
      onProgress?.({ ...place, state: 'looking' });
      scope.onTry = (attempt, tries, last) =>
        onProgress?.({ ...place, state: 'trying', try: attempt, tries, last });
      const outcome = await carryOut(() => step.prepared.run(scope));
      interrupted.throwIfAborted();
      const missing = outcome.status === 'passed' ? capture(step.capture, outcome, captures) : undefined;
      const judged: StepOutcome = missing === undefined ? outcome : { status: 'failed', evidence: missing };
      const answers =
        judged.status === 'unseen' ? { subjectAnswers: await subjects.answers(place.subject) } : {};
      interrupted.throwIfAborted();
      seen.push({ step, outcome: judged, ...answers });
      onProgress?.({ ...place, state: judged.status, evidence: judged.evidence });
      // What acts next may need what was to be captured here; what only looks still tells who is to blame.
      const lacks = judged.status === 'unseen' && Object.keys(step.capture).length > 0;
      if (judged.status === 'failed' || lacks) scope.hasStopped = true;
    }
  } finally {
    over.abort();
    await Promise.all([broker.close(), databases.close(), caches.close()]);
  }

  const { hops, stop } = judge(seen, startedAt);
  const stoppedHop = stop === undefined ? undefined : hops[stop.index];
  return {
    name: flow.name,
    file: flow.file,
    status: stop === undefined ? 'passed' : 'failed',
    correlationId,
    durationMs: clock.monotonic() - startedAt,
    hops,
    ...(stop === undefined || stoppedHop === undefined
      ? {}
      : {
          stoppedAt: {
            hop: stop.index + 1,
            name: stoppedHop.name,
            subject: stop.subject,
            reason: stop.reason,
            logLines: await subjects.linesAbout(stop.subject, { correlationId, since }, SHOWN_LOG_LINES),
          },
        }),
  };
}

/** Opens the taps before anything is sent, so that no event can pass unseen. */
async function watch(
  broker: FlowBroker,
  { taps }: Flow,
  events: EventLog,
  settings: MessageSettings,
): Promise<void> {
  if (taps.length === 0 || broker.resource === undefined) return;
  try {
    const connection = await broker.connection();
    await connection.tap(
      taps.map(({ exchange, routing_key: routingKey }) => ({ exchange, routingKey })),
      (message) => events.record(readEvent(message, settings)),
    );
  } catch (error) {
    events.blindness = { resource: broker.resource.name, reason: messageOf(error) };
  }
}

/** A database that cannot be reached is reported by the step that asks it. */
async function connectAhead(
  databases: Connections<SqlConnection>,
  stack: Stack,
  { steps }: Flow,
): Promise<void> {
  const needed = steps.map(({ prepared }) => prepared.database?.(stack)).filter((each) => each !== undefined);
  await Promise.allSettled(needed.map((resource) => databases.connection(resource)));
}

/** A step reports what fails in the stack itself; what it throws nevertheless is a failure of the hop, too. */
async function carryOut(run: () => Promise<StepOutcome>): Promise<StepOutcome> {
  try {
    return await run();
  } catch (error) {
    return { status: 'failed', evidence: messageOf(error) };
  }
}

/** Takes the captures of a step; gives the reason when one selects nothing. */
function capture(
  wanted: Record<string, string>,
  { document }: StepOutcome,
  captures: Map<string, unknown>,
): string | undefined {
  for (const [name, path] of Object.entries(wanted)) {
    const [value] = select(document, path);
    if (value === undefined) return `nothing to capture as ${name}: ${path} selects nothing`;
    captures.set(name, value);
  }
  return undefined;
}
