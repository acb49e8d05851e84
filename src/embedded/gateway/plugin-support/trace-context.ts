import { randomBytes } from 'node:crypto';
import type { HeaderList } from '../http/header-list.ts';

/** What W3C trace context tells of the caller's span (https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  sampled: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NONE = /^0+$/;

/** Reads `traceparent`; `undefined` when there is none, several, or what is there must be ignored (3.2.2). */
export function readTraceContext(headers: HeaderList): TraceContext | undefined {
  const values = headers.all('traceparent');
  const found = values.length === 1 ? TRACEPARENT.exec((values[0] as string).trim()) : null;
  if (found === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = found;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (NONE.test(traceId) || NONE.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Writes `traceparent`. Without a caller's span there is no `tracestate` that belongs to it. */
export function writeTraceContext(headers: HeaderList, { traceId, spanId, sampled }: TraceContext): string {
  const value = `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
  headers.set('traceparent', value);
  return value;
}

export const newTraceId = () => randomBytes(16).toString('hex');
export const newSpanId = () => randomBytes(8).toString('hex');
