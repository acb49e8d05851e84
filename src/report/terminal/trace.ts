import type { Trace } from '../../model/trace.ts';
import type { TraceDocument, TracesDocument } from '../document.ts';
import { type Cell, padEnd, padStart, table, truncate, wrap } from '../layout.ts';
import { widthOf } from '../width.ts';
import { counted, SIGN, type Style, timeOfDay, type View } from './view.ts';

/** Digits of an id that are shown, and that are enough to name it. */
const SHOWN_ID = 12;
const LONGEST_NAME = 34;
const LONGEST_SERVICE = 16;
const LEAST_BAR = 10;
const GAP = '  ';

/** A waterfall: each span a bar from its start to its end. */
export const trace: View<TraceDocument> = ({ trace: found }, style) => {
  const { palette } = style;
  const [first] = found.spans;
  const failed = found.spans.filter((span) => span.failed);
  return [
    `${palette.strong(first?.name ?? 'trace')}: ${milliseconds(found.durationUs)}, ${counted(found.spans.length, 'span')} of ${found.services.join(', ')}`,
    palette.faint(`trace ${found.id}${found.startedAt === '' ? '' : `, ${timeOfDay(found.startedAt)}`}`),
    ...(found.correlationId === undefined ? [] : [palette.faint(`correlation id ${found.correlationId}`)]),
    '',
    ...waterfall(found, style),
    ...(failed.length === 0 ? [] : ['']),
    ...failed.flatMap(({ service, name, message }) =>
      wrap(`${SIGN.failed} ${service}, ${name}: ${message || 'failed'}`, style.width - 2).map(
        (line) => `  ${palette.bad(line)}`,
      ),
    ),
  ];
};

/** A trace a row. */
export const traces: View<TracesDocument> = ({ traces: found, stack }, { palette, width }) => {
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

function waterfall({ spans, durationUs }: Trace, { palette, width }: Style): string[] {
  const services = Math.min(LONGEST_SERVICE, Math.max(...spans.map(({ service }) => widthOf(service))));
  const label = ({ depth, failed, name }: Trace['spans'][number]) =>
    `${' '.repeat(Math.min(depth, 8) * 2)}${failed ? `${SIGN.failed} ` : ''}${name}`;
  const names = Math.min(LONGEST_NAME, Math.max(...spans.map((span) => widthOf(label(span)))));
  const times = Math.max(...spans.map((span) => widthOf(milliseconds(span.durationUs))));
  const bar = Math.max(LEAST_BAR, width - 2 - services - names - times - 3 * GAP.length);
  return spans.map((span) => {
    const whole = Math.max(1, durationUs);
    const from = Math.min(bar - 1, Math.floor((span.offsetUs / whole) * bar));
    const length = Math.max(1, Math.min(bar - from, Math.round((span.durationUs / whole) * bar)));
    const drawn = padEnd(' '.repeat(from) + '█'.repeat(length), bar);
    const line = [
      palette.faint(padEnd(truncate(span.service, services), services)),
      span.failed
        ? palette.bad(padEnd(truncate(label(span), names), names))
        : padEnd(truncate(label(span), names), names),
      span.failed ? palette.bad(drawn) : palette.accent(drawn),
      padStart(milliseconds(span.durationUs), times),
    ].join(GAP);
    return `  ${line}`;
  });
}

function milliseconds(us: number): string {
  return us >= 1_000_000
    ? `${(us / 1_000_000).toFixed(2)} s`
    : `${(us / 1000).toFixed(us >= 100_000 ? 0 : 1)} ms`;
}
