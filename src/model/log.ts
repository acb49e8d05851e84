/** From the least to the gravest. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A line that a process or container of the stack wrote, as far as it was understood. */
export interface LogLine {
  /** The process that wrote it. */
  source: string;
  /** ISO 8601 in UTC, where the line has a time of its own. */
  timestamp?: string;
  /** For a line without one: that of the lines beside it, or the latest that it can be. */
  around?: string;
  level?: string;
  message: string;
  correlationId?: string;
  /** What went wrong, where the line tells of an error. */
  error?: LoggedError;
  /** What else stands beside the message, by name. */
  fields?: Record<string, unknown>;
  /** The form in which it was read, as people call it: `pino`, `logfmt`; none for a plain line. */
  form?: string;
  /** The line as it was written. */
  raw: string;
}

export interface LoggedError {
  /** Its message with those of its causes, in one line. */
  message: string;
  /** Where it was thrown, its causes too, where the line says so. */
  stack?: string;
}
