/** Whether a value is a mapping, as opposed to a list, a scalar, or nothing. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
