import type { LogLine } from '../model/log.ts';
import type { WrittenLine, WrittenLog } from '../runtimes/runtime.ts';
import { dated } from './dated.ts';
import { createLineReader, type LineReader } from './reader.ts';

/** What a part has written, as it was understood; lines without a time of their own stand beside those that have one. */
export function readLines(
  name: string,
  { lines, writtenAt }: WrittenLog,
  reader: LineReader = createLineReader(),
): LogLine[] {
  reader.learn(lines.map(({ line }) => line));
  return dated(
    lines.map((line) => readLine(name, line, reader)),
    writtenAt,
  );
}

/** One line of it; the time of the runtime counts where the line names none. */
export function readLine(name: string, { line, timestamp }: WrittenLine, reader: LineReader): LogLine {
  const read: LogLine = { source: name, raw: line, ...reader.read(line) };
  return read.timestamp === undefined && timestamp !== undefined ? { ...read, timestamp } : read;
}
