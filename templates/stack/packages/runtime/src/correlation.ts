import { randomUUID } from 'node:crypto';

const CORRELATION_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What came from outside if it is fit to be a correlation id, or else a new one. */
export function correlationIdFrom(outside: unknown): string {
  return typeof outside === 'string' && CORRELATION_ID.test(outside) ? outside : randomUUID();
}

/** What came from outside if it is a W3C traceparent. */
export function traceparentFrom(outside: unknown): string | undefined {
  return typeof outside === 'string' && TRACEPARENT.test(outside) ? outside : undefined;
}
