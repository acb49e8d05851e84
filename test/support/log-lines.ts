import { readLines } from '../../src/logs/index.ts';
import type { LogLine } from '../../src/model/log.ts';

/** The lines of a log, as they are understood. */
export function readLog(source: string, lines: readonly string[]): LogLine[] {
  return readLines(source, { lines: lines.map((line) => ({ line })), end: '' });
}

/** One line that stands alone. */
export function parseLogLine(source: string, raw: string): LogLine {
  const [line] = readLog(source, [raw]);
  if (line === undefined) throw new Error('no line');
  return line;
}
