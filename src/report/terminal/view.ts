/** Signs stand beside a word or a number, never alone for it. */
export const SIGN = { done: '✔', failed: '✖', none: '–', create: '+', update: '~', delete: '-' } as const;

/** `1 change`, `3 changes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Milliseconds for people: `48 ms`, `3.2 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** The time of an ISO 8601 timestamp, as it is written: `10:20:30.456`. */
export function timeOfDay(timestamp: string): string {
  return timestamp.slice(11, 23);
}

export function milliseconds(us: number): string {
  return us >= 1_000_000
    ? `${(us / 1_000_000).toFixed(2)} s`
    : `${(us / 1000).toFixed(us >= 100_000 ? 0 : 1)} ms`;
}
