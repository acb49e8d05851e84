import type { LogLine } from '../model/log.ts';

/** A line as parsers get it: without colours, and its JSON, which is read when it is first asked for. */
export interface WrittenText {
  text: string;
  /** The members of the JSON object that the line is; `undefined` for any other line. */
  readonly json: Record<string, unknown> | undefined;
}

export interface ReadOptions {
  /** Under which names the id of a request stands, the first that is there counts: `correlation_id`, `req.id`. */
  correlation: readonly string[];
  /** Milliseconds since the epoch, for forms whose times name no year. */
  now: number;
}

/** What a line says, as far as its form tells. */
export type ReadLine = Pick<
  LogLine,
  'message' | 'timestamp' | 'level' | 'correlationId' | 'error' | 'fields'
>;

/**
 * One form of log lines: a file in `parsers/`, and a line in `parsers/index.ts`, which lists the particular before the
 * general.
 */
export interface LogParser {
  /** As people call it: `Nest`, `logfmt`. */
  name: string;
  /** Whether it reads JSON objects, or anything else. */
  of: 'json' | 'text';
  /**
   * `own`: no line of another form looks like it. `general`: lines of many programs do; those with a form of their own are
   * asked first. `loose`: prose may look like it, so it holds only for a process whose first lines are in it.
   */
  kind: 'own' | 'general' | 'loose';
  /** What the line says; `undefined` where it is not in this form. Pure, and never throws. */
  read(line: WrittenText, options: ReadOptions): ReadLine | undefined;
}
