/** A span as the stack has kept it: a piece of work of one service. */
export interface Span {
  spanId: string;
  parentSpanId: string | undefined;
  service: string;
  instance: string;
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Microseconds after the beginning of the trace. */
  offsetUs: number;
  durationUs: number;
  failed: boolean;
  /** Why, of one that failed. */
  message: string;
  correlationId: string | undefined;
  attributes: Record<string, unknown>;
}

/** Everything that one request set off. */
export interface Trace {
  /** 32 hexadecimal digits. */
  id: string;
  /** In UTC, with microseconds. */
  startedAt: string;
  /** From the first start to the last end. */
  durationUs: number;
  services: string[];
  correlationId: string | undefined;
  /** A span before those below it, and among those in the order of their start. */
  spans: (Span & {
    /** How many spans stand above it. */
    depth: number;
  })[];
}

/** A trace in one line. */
export interface TraceSummary {
  id: string;
  startedAt: string;
  durationUs: number;
  /** Of the first span. */
  service: string;
  name: string;
  spans: number;
  failedSpans: number;
  services: string[];
  correlationId: string | undefined;
}
