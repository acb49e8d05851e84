import { type FileHandle, open, stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import type { Context } from '../../context.ts';
import { stackFolders } from '../../state/folders.ts';

const CHUNK_BYTES = 64 * 1024;
const FOLLOW_POLL_MS = 200;
const NEWLINE = 0x0a;

/** Which part of a log is read, in bytes: all of it when left out. */
interface LogRange {
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

/** When the log was written last, in ISO 8601; `undefined` when there is none. */
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

/** The byte behind the last whole line of a log: `followLog` goes on from there. 0 for one that does not exist yet. */
export async function endOfLines(root: string, name: string): Promise<number> {
  const file = await open(stackFolders(root).logFile(name)).catch(() => undefined);
  if (file === undefined) return 0;
  try {
    const { size } = await file.stat();
    const length = Math.min(CHUNK_BYTES, size);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return size - length + buffer.lastIndexOf(NEWLINE) + 1;
  } finally {
    await file.close();
  }
}

/**
 * Calls back with each line that is written behind the position, until the signal is aborted. A file that begins anew is
 * read from its start.
 */
export async function followLog(
  { clock }: Pick<Context, 'clock'>,
  root: string,
  name: string,
  position: number,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const reading = beginAt(position);
  while (!signal.aborted) {
    const file = await open(stackFolders(root).logFile(name)).catch(() => undefined);
    if (file !== undefined) {
      try {
        for (const line of await readOn(file, reading)) onLine(line);
      } finally {
        await file.close();
      }
    }
    await clock.sleep(FOLLOW_POLL_MS, signal).catch(() => {});
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
