import * as z from 'zod';

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000 };
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m)$/;

/** A duration as people write it (`500ms`, `5s`, `2m`), parsed to milliseconds. */
export const durationSchema = z
  .string({ error: 'a duration such as 500ms, 5s or 2m' })
  .regex(DURATION, { error: 'a duration such as 500ms, 5s or 2m' })
  .transform((text) => {
    const [, amount, unit] = DURATION.exec(text) ?? [];
    return Number(amount) * (UNITS[unit ?? ''] ?? 0);
  });

/** Milliseconds for people: `340 ms`, `5 s`, `1.5 s`. */
export function formatDuration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}
