import type { LogLine, LogsDocument } from '../document.ts';
import { padEnd } from '../layout.ts';
import { type Style, timeOfDay, type View } from './view.ts';

/** Log lines, one each, never broken. */
export const logs: View<LogsDocument> = ({ lines }, style) => {
  const sources = Math.max(0, ...lines.map(({ source }) => source.length));
  return lines.map((line) => logLine(line, sources, style));
};

function logLine(
  { source, timestamp, level, message, correlationId }: LogLine,
  sources: number,
  { palette }: Style,
): string {
  const paint =
    level === 'error' || level === 'fatal' ? palette.bad : level === 'warn' ? palette.warning : palette.faint;
  return [
    palette.faint(timeOfDay(timestamp ?? '').padEnd(12)),
    palette.strong(padEnd(source, sources)),
    paint((level ?? '').padEnd(5)),
    message,
    ...(correlationId === undefined ? [] : [palette.faint(correlationId)]),
  ].join('  ');
}
