import type { LogLine } from '../model/log.ts';

/**
 * A line without a time of its own belongs to the line before it; those before the first that has one, to that. Where none
 * has one, `latest` is what they can be.
 */
export function dated(lines: readonly LogLine[], latest?: string): LogLine[] {
  let around = lines.find(({ timestamp }) => timestamp !== undefined)?.timestamp ?? latest;
  return lines.map((line) => {
    around = line.timestamp ?? around;
    return line.timestamp !== undefined || around === undefined ? line : { ...line, around };
  });
}
