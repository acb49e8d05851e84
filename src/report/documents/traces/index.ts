import type { TraceSummary } from '../../../model/trace.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { type Cell, table } from '../../layout.ts';
import { milliseconds, SIGN, timeOfDay } from '../../terminal/view.ts';

/** Traces, a line each. */
export interface TracesDocument {
  kind: 'traces';
  stack: string;
  traces: TraceSummary[];
}

/** A trace a row. */
const traces: View<TracesDocument> = ({ traces: found, stack }, { palette, width }) => {
  if (found.length === 0) return [`${stack} has no such trace`];
  const rows = found.map(({ id, startedAt, durationUs, service, name, spans, failedSpans }): Cell[] => [
    { text: timeOfDay(startedAt), paint: palette.faint },
    { text: milliseconds(durationUs) },
    { text: String(spans), paint: palette.faint },
    { text: id.slice(0, SHOWN_ID), paint: palette.accent },
    {
      text: `${failedSpans > 0 ? `${SIGN.failed} ` : ''}${service}: ${name}`,
      ...(failedSpans > 0 ? { paint: palette.bad } : {}),
    },
  ]);
  return table(rows, { indent: 0, width, right: [1, 2] });
};

/** Digits of an id that are shown, and that are enough to name it. */
const SHOWN_ID = 12;

export const form: DocumentForm<TracesDocument> = {
  terminal: traces,
  json: ({ stack, traces }) => ({
    stack,
    traces: traces.map(({ correlationId, ...trace }) => ({ ...trace, correlationId: correlationId ?? null })),
  }),
};
