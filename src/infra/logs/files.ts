import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import type { Context } from '../../context.ts';
import { stackFolders } from '../folders.ts';
import { type LogLine, parseLogLine } from './line.ts';

const CHUNK_BYTES = 64 * 1024;
const FOLLOW_POLL_MS = 200;
const NEWLINE = 0x0a;

/** The last lines that a process of the stack wrote before `end` (now, when left out), oldest first; none when it never ran. */
export async function readLogTail(
  root: string,
  name: string,
  lines: number,
  end = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const file = await open(stackFolders(root).logFile(name)).catch(() => undefined);
  if (file === undefined) return [];
  try {
    let position = Math.min(end, (await file.stat()).size);
    let tail = Buffer.alloc(0);
    let found = 0;
    while (position > 0 && found <= lines) {
      const length = Math.min(CHUNK_BYTES, position);
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
        for (const raw of await readOn(file, reading)) onLine(parseLogLine(name, raw));
      } finally {
        await file.close();
      }
    }
    await context.clock.sleep(FOLLOW_POLL_MS, signal).catch(() => {});
  }
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
