import { type FileHandle, open, stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import type { Context } from '../context.ts';
import type { LogLine } from '../model/log.ts';
import { stackFolders } from '../state/folders.ts';
import { dated } from './dated.ts';
import { parseLogLine } from './line.ts';

const CHUNK_BYTES = 64 * 1024;
const FOLLOW_POLL_MS = 200;
const NEWLINE = 0x0a;

/** Which part of a log is read, in bytes: all of it when left out. */
export interface LogRange {
  /** Where the process began to write; a log that is shorter by now began anew. */
  from?: number | undefined;
  end?: number | undefined;
}

/** The last lines that a process of the stack wrote, oldest first; none when it never ran. */
export async function readLogTail(
  root: string,
  name: string,
  lines: number,
  range: LogRange = {},
): Promise<string[]> {
  const file = await open(stackFolders(root).logFile(name)).catch(() => undefined);
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    const from = range.from === undefined || range.from > size ? 0 : range.from;
    let position = Math.min(range.end ?? size, size);
    let tail = Buffer.alloc(0);
    let found = 0;
    while (position > from && found <= lines) {
      const length = Math.min(CHUNK_BYTES, position - from);
      position -= length;
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, position);
      for (const byte of buffer) if (byte === NEWLINE) found += 1;
      // Decoded as a whole below: a chunk may begin in the middle of a character.
      tail = Buffer.concat([buffer, tail]);
    }
    return tail
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .slice(-lines);
  } finally {
    await file.close();
  }
}

/** The last lines that a process has written since `from`, where this start of it begins. */
export async function readStartedLog(
  root: string,
  name: string,
  lines: number,
  from: number | undefined,
): Promise<LogLine[]> {
  const raw = await readLogTail(root, name, lines, { from });
  return dated(
    raw.map((line) => parseLogLine(name, line)),
    await lastWritten(root, name),
  );
}

/** When the log was written last; `undefined` when there is none. */
export async function lastWritten(root: string, name: string): Promise<string | undefined> {
  return await stat(stackFolders(root).logFile(name)).then(
    ({ mtime }) => mtime.toISOString(),
    () => undefined,
  );
}

/** How far a log is read. The decoder keeps the beginning of a character whose end is not written yet. */
interface Reading {
  position: number;
  decoder: StringDecoder;
  partial: string;
}

/** The byte behind the last whole line of each log. A log that does not exist yet has no entry. */
export type LogPositions = ReadonlyMap<string, number>;

/** How far the logs are written now: `readLogs` reads up to there, `followLogs` goes on from there, and no line is lost. */
export async function logPositions(root: string, names: string[]): Promise<LogPositions> {
  const positions = new Map<string, number>();
  for (const name of names) {
    const file = await open(stackFolders(root).logFile(name)).catch(() => undefined);
    if (file === undefined) continue;
    try {
      const { size } = await file.stat();
      const length = Math.min(CHUNK_BYTES, size);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      positions.set(name, size - length + buffer.lastIndexOf(NEWLINE) + 1);
    } finally {
      await file.close();
    }
  }
  return positions;
}

/**
 * Calls back with each line that is written after the positions (now, when left out), until the signal is aborted.
 * A file that begins anew is read from its start.
 */
export async function followLogs(
  context: Pick<Context, 'clock'>,
  root: string,
  names: string[],
  onLine: (line: LogLine) => void,
  signal: AbortSignal,
  positions?: LogPositions,
): Promise<void> {
  const from = positions ?? (await logPositions(root, names));
  const readings = new Map(names.map((name) => [name, beginAt(from.get(name) ?? 0)]));
  while (!signal.aborted) {
    for (const [name, reading] of readings) {
      const file = await open(stackFolders(root).logFile(name)).catch(() => undefined);
      if (file === undefined) continue;
      try {
        for (const raw of await readOn(file, reading)) onLine(readNow(context, parseLogLine(name, raw)));
      } finally {
        await file.close();
      }
    }
    await context.clock.sleep(FOLLOW_POLL_MS, signal).catch(() => {});
  }
}

/** A line without a time of its own was written before it was read. */
function readNow({ clock }: Pick<Context, 'clock'>, line: LogLine): LogLine {
  return line.timestamp === undefined ? { ...line, around: new Date(clock.now()).toISOString() } : line;
}

function beginAt(position: number): Reading {
  return { position, decoder: new StringDecoder('utf8'), partial: '' };
}

/** The lines that were ended since the last time. */
async function readOn(file: FileHandle, reading: Reading): Promise<string[]> {
  const { size } = await file.stat();
  if (size < reading.position) Object.assign(reading, beginAt(0));
  const lines: string[] = [];
  while (reading.position < size) {
    const length = Math.min(CHUNK_BYTES, size - reading.position);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, reading.position);
    if (bytesRead === 0) break;
    reading.position += bytesRead;
    const pieces = (reading.partial + reading.decoder.write(buffer.subarray(0, bytesRead))).split('\n');
    reading.partial = pieces.pop() ?? '';
    for (const piece of pieces) if (piece !== '') lines.push(piece);
  }
  return lines;
}
