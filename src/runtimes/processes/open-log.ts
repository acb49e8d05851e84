import { fstatSync, openSync, renameSync, statSync } from 'node:fs';

const MAX_LOG_BYTES = 20 * 1024 * 1024;

/** The log of a process, opened to append to it, and where it goes on. One that has grown large is put aside as `.1`. */
export function openLog(logFile: string): { descriptor: number; from: number } {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
  const descriptor = openSync(logFile, 'a', 0o600);
  return { descriptor, from: fstatSync(descriptor).size };
}
