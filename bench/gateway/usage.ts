import { readdirSync, readFileSync } from 'node:fs';

/** The process and all that it has started. */
function familyOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => familyOf(Number(child))))];
}

/** Milliseconds of processor time that a process and its children have had. */
export function processorMs(pid: number): number {
  const nanoseconds = familyOf(pid).map((each) =>
    readdirSync(`/proc/${each}/task`).reduce((sum, thread) => sum + ofThread(each, thread), 0),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** Nanoseconds on a processor: the kernel's other count goes by steps of 10 ms. */
function ofThread(pid: number, thread: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

/** Bytes that they hold, each page that several share counted by its share (PSS). */
export function proportionalBytes(pid: number): number {
  const sizes = familyOf(pid).map((each) => {
    const rollup = readFileSync(`/proc/${each}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  });
  return sizes.reduce((sum, each) => sum + each, 0) * 1024;
}

/** Bytes that the process had resident at most. */
export function peakBytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}
