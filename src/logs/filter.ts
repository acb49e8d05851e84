import { LOG_LEVELS, type LogLevel, type LogLine } from '../model/log.ts';

/** Which lines are wanted; everything that is given must hold. */
export interface LogFilter {
  /** Milliseconds since the epoch. */
  since?: number;
  /** This level or a graver one. A line without a level (a crash's stack trace) goes with the line before it. */
  level?: LogLevel;
  /** Matches the line as it was written. */
  grep?: RegExp;
  /** A plain line (without time, level and id) goes with the line before it. */
  correlationId?: string;
}

/** What is known of the last line of a source: lines that do not say it themselves belong to it. */
interface Before {
  inTime: boolean;
  isGrave: boolean;
  isCorrelated: boolean;
}

/** A filter that remembers of each source what its last line was. */
export function createLogFilter({
  since,
  level,
  grep,
  correlationId,
}: LogFilter): (line: LogLine) => boolean {
  const least = level === undefined ? 0 : LOG_LEVELS.indexOf(level);
  const nothing: Before = {
    inTime: since === undefined,
    isGrave: level === undefined,
    isCorrelated: correlationId === undefined,
  };
  const last = new Map<string, Before>();
  return (line) => {
    const before = last.get(line.source) ?? nothing;
    const rank = LOG_LEVELS.indexOf(line.level as LogLevel);
    const at = line.timestamp ?? line.around;
    const isPlain = line.timestamp === undefined && rank < 0 && line.correlationId === undefined;
    const now: Before = {
      inTime: since === undefined || (at === undefined ? before.inTime : Date.parse(at) >= since),
      isGrave: level === undefined || (rank < 0 ? before.isGrave : rank >= least),
      isCorrelated:
        correlationId === undefined || (isPlain ? before.isCorrelated : line.correlationId === correlationId),
    };
    last.set(line.source, now);
    return now.inTime && now.isGrave && now.isCorrelated && (grep === undefined || grep.test(line.raw));
  };
}
