import { open } from 'node:fs/promises';
import type { Context } from '../context.ts';
import { stackFolders } from './folders.ts';

const CHUNK_BYTES = 64 * 1024;
const FOLLOW_POLL_MS = 200;
const NEWLINE = 0x0a;

/** The last lines that a process of the stack wrote, oldest first; none when it never ran. */
export async function readLogTail(root: string, name: string, lines: number): Promise<string[]> {
  const file = await open(stackFolders(root).logFile(name)).catch(() => undefined);
  if (file === undefined) return [];
  try {
    let position = (await file.stat()).size;
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

export interface LogLine {
  /** The process that wrote it. */
  source: string;
  /** ISO 8601, where the line is in the stack's schema. */
  timestamp?: string;
  level?: string;
  message: string;
  correlationId?: string;
  /** The line as it was written. */
  raw: string;
}

/** Reads one line: in the stack's schema, or as plain text (PostgreSQL, a crash). */
export function parseLogLine(source: string, raw: string): LogLine {
  try {
    const fields = JSON.parse(raw) as Record<string, unknown>;
    if (typeof fields.message !== 'string') return { source, message: raw, raw };
    return {
      source,
      raw,
      message: fields.message,
      ...(typeof fields.timestamp === 'string' ? { timestamp: fields.timestamp } : {}),
      ...(typeof fields.level === 'string' ? { level: fields.level } : {}),
      ...(typeof fields.correlation_id === 'string' ? { correlationId: fields.correlation_id } : {}),
    };
  } catch {
    return { source, message: raw, raw };
  }
}

/**
 * The last lines of several processes in the order of time. A line without a time of its own belongs to the line
 * before it.
 */
export async function readLogs(root: string, names: string[], lines: number): Promise<LogLine[]> {
  const logs = await Promise.all(
    names.map(async (source) => {
      let at = '';
      return (await readLogTail(root, source, lines)).map((raw) => {
        const line = parseLogLine(source, raw);
        at = line.timestamp ?? at;
        return { at, line };
      });
    }),
  );
  return logs
    .flat()
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .slice(-lines)
    .map(({ line }) => line);
}

/** Calls back with each line that is written from now on, until the signal is aborted. A file that begins anew is read from its start. */
export async function followLogs(
  context: Pick<Context, 'clock'>,
  root: string,
  names: string[],
  onLine: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const positions = new Map<string, number>();
  const partial = new Map<string, string>();
  let first = true;
  while (!signal.aborted) {
    for (const name of names) {
      const file = await open(stackFolders(root).logFile(name)).catch(() => undefined);
      if (file === undefined) continue;
      try {
        const { size } = await file.stat();
        const from = positions.get(name) ?? (first ? size : 0);
        const start = size < from ? 0 : from;
        const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
        positions.set(name, start + bytesRead);
        const pieces = `${partial.get(name) ?? ''}${buffer.toString('utf8', 0, bytesRead)}`.split('\n');
        partial.set(name, pieces.pop() ?? '');
        for (const raw of pieces) if (raw !== '') onLine(parseLogLine(name, raw));
      } finally {
        await file.close();
      }
    }
    first = false;
    await context.clock.sleep(FOLLOW_POLL_MS, signal).catch(() => {});
  }
}
