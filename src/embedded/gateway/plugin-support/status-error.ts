/** What an answer can have (RFC 9110, 15); APISIX takes any number in some of its fields. */
const HIGHEST = 599;
const LOWEST = 200;

/** Tells why the status in a field of a configuration cannot be that of an answer; `undefined` when it can. */
export function statusError(field: string, status: number | undefined): string | undefined {
  if (status === undefined || (status >= LOWEST && status <= HIGHEST)) return undefined;
  const bound = status > HIGHEST ? `at most ${HIGHEST}` : `at least ${LOWEST}`;
  return `property "${field}" validation failed: expected ${status} to be ${bound}`;
}
