import type { Span, Trace } from '../model/trace.ts';

/**
 * The spans as a tree reads: each before those below it, and those in the order of their start. A span whose parent is not
 * there (not sent yet, or recorded elsewhere) stands at the top.
 */
export function ordered(spans: readonly Span[]): Trace['spans'] {
  const present = new Set(spans.map(({ spanId }) => spanId));
  const below = new Map<string | undefined, Span[]>();
  for (const span of spans) {
    const { parentSpanId: parent } = span;
    const place = parent !== undefined && parent !== span.spanId && present.has(parent) ? parent : undefined;
    below.set(place, [...(below.get(place) ?? []), span]);
  }
  const rows: Trace['spans'] = [];
  const seen = new Set<Span>();
  const add = (parent: string | undefined, depth: number) => {
    const children = (below.get(parent) ?? []).toSorted((a, b) => a.offsetUs - b.offsetUs);
    for (const span of children) {
      if (seen.has(span)) continue;
      seen.add(span);
      rows.push({ ...span, depth });
      add(span.spanId, depth + 1);
    }
  };
  add(undefined, 0);
  // Spans that name each other as parents hang from nothing.
  for (const span of spans) if (!seen.has(span)) rows.push({ ...span, depth: 0 });
  return rows;
}
