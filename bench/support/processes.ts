import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { median } from '../guard/figure.ts';

const STARTS_OF_NODE = 5;

/** Milliseconds that a Node takes which does nothing. */
export function startOfNode(): number {
  const starts = Array.from({ length: STARTS_OF_NODE }, () => {
    const before = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    return performance.now() - before;
  });
  return median(starts);
}

/** Ticks of the kernel's clock in a second, as `/proc` counts processor time. */
const TICKS = 100;

/** The processes that are there: their parents, and the seconds of processor time that each has used. */
function processes(): Map<number, { parent: number; seconds: number }> {
  return new Map(
    readdirSync('/proc').flatMap((entry) => {
      if (!/^\d+$/.test(entry)) return [];
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
        // The name before them, in brackets, may hold anything.
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const seconds = (Number(fields[11]) + Number(fields[12])) / TICKS;
        return [[Number(entry), { parent: Number(fields[1]), seconds }] as const];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    }),
  );
}

/** These processes, and those that they have started. */
function withStarted(pids: Iterable<number>, all: ReadonlyMap<number, { parent: number }>): Set<number> {
  const found = new Set(pids);
  // A process may have a lower number than its parent.
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [pid, { parent }] of all) if (found.has(parent)) found.add(pid);
  }
  return found;
}

/** Seconds of processor time that these processes have used, and those that they have started. */
export function processorTime(pids: Iterable<number>): number {
  const all = processes();
  return [...withStarted(pids, all)].reduce((sum, pid) => sum + (all.get(pid)?.seconds ?? 0), 0);
}

/** Milliseconds of the same, to a fraction, for what takes little; that of threads that have ended is not in it. */
export function processorMs(pid: number): number {
  const nanoseconds = [...withStarted([pid], processes())].map((each) =>
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

/** Megabytes. */
export interface Memory {
  /** What is shared with others is counted in full: the sum of several processes is more than a machine has given. */
  resident: number;
  /** What is shared with others is divided by their number (PSS): what a machine pays. */
  proportional: number;
}

/** The memory of these processes, and of those that they have started. */
export function memoryOf(pids: Iterable<number>): Memory {
  const sum = { resident: 0, proportional: 0 };
  for (const pid of withStarted(pids, processes())) {
    const text = rollup(pid);
    sum.resident += megabytes(text, 'Rss');
    sum.proportional += megabytes(text, 'Pss');
  }
  return sum;
}

/** See proc(5); empty for a process that has ended. */
function rollup(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  } catch {
    return '';
  }
}

function megabytes(text: string, key: string): number {
  const [, kilobytes = '0'] = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text) ?? [];
  return Number(kilobytes) / 1024;
}

/** Bytes that the process had resident at most. */
export function peakBytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}
