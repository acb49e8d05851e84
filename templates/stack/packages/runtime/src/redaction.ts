/** Names whose values are never written down. `prompt_tokens` and the like are counts, not secrets. */
const SECRET_NAME =
  /passw(or)?d|secret|api[-_]?key|authorization|cookie|credential|(^|[-_.])token$|private[-_]?key/i;
const URL_CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/)[^/?#\s@]*@/gi;
const MASK = '[redacted]';
const DEEPEST = 6;

/**
 * A copy of a log line's context without secrets: values under secret names and credentials in addresses are masked,
 * errors become plain objects, and what is nested too deeply or refers to itself is cut off.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.replace(URL_CREDENTIALS, `$1${MASK}@`);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toJSON();
  if (depth >= DEEPEST) return '[nested too deeply]';
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  const source = value instanceof Error ? errorFields(value) : value;
  const copy: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(source)) {
    copy[name] = SECRET_NAME.test(name) && item !== undefined ? MASK : redact(item, depth + 1);
  }
  return copy;
}

/** What tells more of an error of the system, of PostgreSQL or of HTTP than its message does. */
const TELLING = [
  'code',
  'syscall',
  'address',
  'port',
  'path',
  'statusCode',
  'status',
  'detail',
  'hint',
  'schema',
  'table',
  'column',
  'constraint',
] as const;

function errorFields(error: Error): Record<string, unknown> {
  const given = error as Error & Record<string, unknown>;
  const telling = TELLING.filter((name) => ['string', 'number'].includes(typeof given[name]));
  return {
    name: error.name,
    message: error.message,
    ...Object.fromEntries(telling.map((name) => [name, given[name]])),
    stack: error.stack,
    ...(error instanceof AggregateError ? { errors: error.errors } : {}),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  };
}
