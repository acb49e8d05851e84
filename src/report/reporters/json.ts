import { messagesOf } from '../../errors.ts';
import { jsonText } from '../../json.ts';
import type { FoundService } from '../../model/discovery.ts';
import type { FlowResult } from '../../model/flow.ts';
import type { LogLine } from '../../model/log.ts';
import type { Document, DocumentKind, DocumentOf } from '../document.ts';
import type { Reporter } from '../reporter.ts';

/** The one JSON document of each kind. These shapes are read by scripts: they only ever grow. */
const SHAPES: { [Kind in DocumentKind]: (document: DocumentOf<Kind>) => unknown } = {
  plan: ({ changes, leftovers = [], unmanaged, notMeasured }) => ({
    changes,
    leftovers,
    ...(unmanaged === undefined ? {} : { unmanaged }),
    ...(notMeasured === undefined ? {} : { notMeasured }),
  }),
  applied: ({ outcomes, leftovers = [], answers }) => ({
    changes: outcomes.map(({ change, status, reason, place }) => ({
      ...change,
      status,
      ...(reason ? { reason } : {}),
      ...(place ? { place } : {}),
    })),
    leftovers,
    ...(answers === undefined ? {} : { answers }),
  }),
  routes: ({ kind: _, ...document }) => document,
  findings: ({ kind: _, ...document }) => document,
  explanation: ({ kind: _, ...document }) => ({ ...document, answer: document.answer ?? null }),
  dump: ({ kind: _, ...document }) => document,
  text: ({ kind: _, ...document }) => document,
  migrated: ({ kind: _, ...document }) => document,
  'contract-diff': ({ kind: _, ...document }) => document,
  event: ({ kind: _, ...document }) => document,
  published: ({ kind: _, ...document }) => document,
  replayed: ({ kind: _, ...document }) => document,
  consumers: ({ kind: _, ...document }) => document,
  discovery: ({ kind: _, all: __, ...document }) => ({
    ...document,
    services: document.services.map(foundService),
    others: document.others.map(({ pid, program, ...other }) => ({
      ...other,
      pid: pid ?? null,
      program: program ?? null,
    })),
  }),
  service: ({ stack, services }) => ({ stack, services: services.map(foundService) }),
  registered: ({ kind: _, ...document }) => ({ ...document, services: document.services.map(foundService) }),
  'service-change': ({ kind: _, ...document }) => document,
  doctor: ({ checks, strategy }) => ({ checks, strategy }),
  'up-plan': ({ kind: _, ...document }) => document,
  up: ({ kind: _, ...document }) => ({ ...document, gatewayUrl: document.gatewayUrl ?? null }),
  down: ({ kind: _, ...document }) => document,
  secrets: ({ kind: _, ...document }) => document,
  rotated: ({ kind: _, ...document }) => document,
  stop: ({ kind: _, ...document }) => document,
  ports: ({ kind: _, ...document }) => document,
  status: ({ stack, strategy, supervisor, resources, live }) => ({
    stack,
    strategy,
    supervisor: supervisor ?? null,
    resources: resources.map(({ name, kind, provider, state, reason, pid, ports, restarts, health }) => ({
      name,
      kind,
      provider,
      state,
      reason,
      pid: pid ?? null,
      ports,
      restarts,
      health: health.measured ? health.value : null,
    })),
    ...(live === undefined ? {} : { live }),
  }),
  score: ({ score, target, tookMs, comparison }) => ({
    ...score,
    target,
    ...(tookMs === undefined ? {} : { tookMs: Math.round(tookMs) }),
    ...(comparison === undefined ? {} : { comparison }),
  }),
  check: ({ kind: _, ...document }) => document,
  metrics: ({ kind: _, ...document }) => document,
  chaos: ({ kind: _, ...document }) => document,
  injected: ({ kind: _, ...document }) => document,
  undone: ({ kind: _, ...document }) => document,
  experiment: ({ kind: _, ...document }) => ({
    ...document,
    recoveredAfterMs: document.recoveredAfterMs ?? null,
  }),
  heal: ({ kind: _, ...document }) => ({ ...document, after: document.after ?? null }),
  'heal-watch': ({ kind: _, ...document }) => document,
  flows: ({ flows, left = 0 }) => ({ flows: flows.map(flowResult), left }),
  trace: ({ stack, trace: { correlationId, spans, ...trace } }) => ({
    stack,
    ...trace,
    correlationId: correlationId ?? null,
    spans: spans.map(({ parentSpanId, correlationId: id, ...span }) => ({
      ...span,
      parentSpanId: parentSpanId ?? null,
      correlationId: id ?? null,
    })),
  }),
  traces: ({ stack, traces }) => ({
    stack,
    traces: traces.map(({ correlationId, ...trace }) => ({ ...trace, correlationId: correlationId ?? null })),
  }),
  logs: ({ lines }) => ({ lines: lines.map(logLine) }),
  error: ({ error }) => {
    const { code, message, hint, logLines = [] } = error;
    const details = [...error.details, ...logLines.map(({ raw }) => raw)];
    const [, ...causes] = messagesOf(error);
    return {
      error: { code, message, details, hint: hint ?? null, ...(causes.length === 0 ? {} : { causes }) },
    };
  },
  scaffold: ({ kind: _, ...document }) => document,
  demo: ({ kind: _, ...document }) => ({
    ...document,
    flows: document.flows.map(flowResult),
    chat: document.chat ?? null,
    score: document.score ?? null,
  }),
};

/** One JSON document, for scripts. */
export const json: Reporter = (document) => jsonText(shapeOf(document), 2);

/** One JSON object a line, for what goes on: each line of a log is one, any other document as well. */
export const jsonLines: Reporter = (document) =>
  document.kind === 'logs'
    ? document.lines.map((line) => jsonText(logLine(line))).join('\n')
    : jsonText(shapeOf(document));

function shapeOf(document: Document): unknown {
  // The kind picks the shape that takes this document; the types cannot say so.
  const shape = SHAPES[document.kind] as (document: Document) => unknown;
  return shape(document);
}

/** What is not known is told as `null`. */
function foundService({ route, instances, ...service }: FoundService): unknown {
  return {
    ...service,
    route: route ?? null,
    instances: instances.map(({ address, pid, container, version, ...instance }) => ({
      ...instance,
      address: address ?? null,
      pid: pid ?? null,
      container: container ?? null,
      version: version ?? null,
    })),
  };
}

/** Its log lines as they were written. */
function flowResult({ stoppedAt, ...flow }: FlowResult): unknown {
  if (stoppedAt === undefined) return flow;
  return { ...flow, stoppedAt: { ...stoppedAt, logLines: stoppedAt.logLines.map(({ raw }) => raw) } };
}

/** All that is known of it but the line as it was written. */
function logLine({ raw: _, ...line }: LogLine): Omit<LogLine, 'raw'> {
  return line;
}
