import type { Trace } from '../../../model/trace.ts';
import type { DocumentForm, Style, View } from '../../document-form.ts';
import { padEnd, padStart, truncate, wrap } from '../../layout.ts';
import { counted, milliseconds, SIGN, timeOfDay } from '../../terminal/view.ts';
import { widthOf } from '../../width.ts';

/** One trace, span by span. */
export interface TraceDocument {
  kind: 'trace';
  stack: string;
  trace: Trace;
}

/** A waterfall: each span a bar from its start to its end. */
const trace: View<TraceDocument> = ({ trace: found }, style) => {
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

const LONGEST_NAME = 34;
const LONGEST_SERVICE = 16;
const LEAST_BAR = 10;
const GAP = '  ';

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

export const form: DocumentForm<TraceDocument> = {
  terminal: trace,
  json: ({ stack, trace: { correlationId, spans, ...trace } }) => ({
    stack,
    ...trace,
    correlationId: correlationId ?? null,
    spans: spans.map(({ parentSpanId, correlationId: id, ...span }) => ({
      ...span,
      parentSpanId: parentSpanId ?? null,
      correlationId: id ?? null,
    })),
  }),
};
