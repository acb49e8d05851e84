import { inspect } from 'node:util';

/**
 * Why something failed, in one line, with the reasons behind it: `fetch failed: connect ECONNREFUSED 127.0.0.1:80`. An
 * error without a message (Node gives such a one when each address of a name refuses) says what its parts say.
 */
export function reasonOf(error: unknown): string {
  return reasonBut([], error);
}

/** @param told what is being told already: an error may be its own cause, or one of its own parts */
function reasonBut(told: readonly unknown[], error: unknown): string {
  if (!(error instanceof Error)) return textOf(error);
  const telling = [...told, error];
  const others =
    error instanceof AggregateError ? error.errors.filter((part) => !telling.includes(part)) : [];
  const parts = others.map((part) => reasonBut(telling, part));
  const own = error.message !== '' ? error.message : parts.length > 0 ? parts.join('; ') : codeOf(error);
  const isTold = error.cause === undefined || telling.includes(error.cause);
  const cause = isTold ? '' : reasonBut(telling, error.cause);
  return cause === '' || own.includes(cause) ? own : `${own}: ${cause}`;
}

/** What was thrown that is no error. To tell of it must not fail: JSON knows neither loops nor `bigint`. */
function textOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return inspect(thrown, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  }
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}
