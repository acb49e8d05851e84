import type { LogLine } from './line.ts';

/** From the least to the gravest. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Which lines are wanted; everything that is given must hold. */
export interface LogFilter {
  /** Milliseconds since the epoch. */
  since?: number;
  /** This level or a graver one. A line without a level (a crash's stack trace) goes with the line before it. */
  level?: LogLevel;
  /** Matches the line as it was written. */
  grep?: RegExp;
  correlationId?: string;
}

/** A filter that remembers of each source what its last line with a time and a level was: plain lines belong to it. */
export function createLogFilter({
  since,
  level,
  grep,
  correlationId,
}: LogFilter): (line: LogLine) => boolean {
  const least = level === undefined ? -1 : LOG_LEVELS.indexOf(level);
  const passed = new Map<string, boolean>();
  return (line) => {
    const rank = LOG_LEVELS.indexOf(line.level as LogLevel);
    const own = line.timestamp !== undefined || rank >= 0;
    const inTime = since === undefined || line.timestamp === undefined || Date.parse(line.timestamp) >= since;
    const grave = least < 0 || rank >= least;
    const before = passed.get(line.source) ?? (since === undefined && least < 0);
    const wanted = own ? inTime && grave : before;
    passed.set(line.source, wanted);
    return (
      wanted &&
      (grep === undefined || grep.test(line.raw)) &&
      (correlationId === undefined || line.correlationId === correlationId)
    );
  };
}
