import type { LogLine } from '../model/log.ts';

/** How much earlier a line may be than the start that was computed; shorter than the supervisor's pause after a crash. */
const TOLERANCE_MS = 500;

/**
 * The lines that the present process wrote, of a log that its predecessors wrote, too.
 *
 * A line without a time of its own (a crash trace) belongs to the lines before it; what stands between the last line of
 * a predecessor and the first of the present process is the predecessor's.
 *
 * @param startedAt when the present process started, in milliseconds since the epoch; `undefined` keeps all lines
 */
export function presentLines(lines: readonly LogLine[], startedAt: number | undefined): LogLine[] {
  if (startedAt === undefined) return [...lines];
  const times = lines.map(({ timestamp }) => (timestamp === undefined ? undefined : Date.parse(timestamp)));
  const isOld = (time: number | undefined) => time !== undefined && time < startedAt - TOLERANCE_MS;
  const rest = times.findLastIndex(isOld) + 1;
  const first = times.findIndex((time, index) => index >= rest && time !== undefined);
  return lines.slice(first === -1 ? rest : first);
}
