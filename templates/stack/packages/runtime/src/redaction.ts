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
  // A search for one character is much faster than the expression.
  if (typeof value === 'string')
    return value.includes('@') ? value.replace(URL_CREDENTIALS, `$1${MASK}@`) : value;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toJSON();
  if (depth >= DEEPEST) return '[nested too deeply]';
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  const source = (value instanceof Error ? errorFields(value) : value) as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(source)) {
    const item = source[name];
    copy[name] = item !== undefined && isSecret(name) ? MASK : redact(item, depth + 1);
  }
  return copy;
}

/** Whether names are secret that were met: the lines of a service have the same ones again and again. */
const MET = new Map<string, boolean>();
const MOST_MET = 1000;
const LONGEST_MET = 64;

function isSecret(name: string): boolean {
  const known = MET.get(name);
  if (known !== undefined) return known;
  const secret = SECRET_NAME.test(name);
  if (MET.size < MOST_MET && name.length <= LONGEST_MET) MET.set(name, secret);
  return secret;
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
