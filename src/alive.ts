import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What `/proc/PID/stat` says of a process that runs. */
export interface ProcessStat {
  /** The process group. */
  group: number;
  /** Clock ticks since boot. */
  startTime: string;
}

/**
 * Reads `/proc/PID/stat` (proc(5)); the name in its second field may hold blanks and brackets. `undefined` for a zombie:
 * it has ended, though nobody has asked for its exit code; it holds no port, no lock, and does no work. Where nothing
 * reaps (a container without an init) it stays for ever, and signal 0 still reaches it.
 */
export function parseStat(stat: string): ProcessStat | undefined {
  const [state, , group, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTime = rest[16];
  if (state === 'Z' || state === 'X' || startTime === undefined) return undefined;
  return { group: Number(group), startTime };
}

/**
 * When a process was started, in the words of its system, empty where it does not say; `undefined` when there is no such
 * process, or only what is left of one.
 */
export function startTimeOf(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (process.platform === 'linux') return statOf(pid)?.startTime;
  if (!signalReaches(pid)) return undefined;
  if (process.platform === 'win32') return '';
  const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
  const [state = '', ...started] = (stdout ?? '').trim().split(/\s+/);
  return state.startsWith('Z') ? undefined : started.join(' ');
}

/** Whether a process of the group still runs; `false` where only zombies are left of it. */
export function isGroupAlive(leader: number): boolean {
  if (!signalReaches(-leader)) return false;
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && statOf(Number(name))?.group === leader);
}

function statOf(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

function signalReaches(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process as it was written down: numbers are given again, its start tells it apart. */
export interface KnownProcess {
  pid: number;
  startTime: string;
}

/** The part of a host that tells when a process was started. */
interface Starts {
  processStartTime(pid: number): Promise<string | undefined>;
}

/** Whether the process still lives: the same one, not another that got its number. */
export async function stillLives(
  host: Starts,
  { pid, startTime }: { pid: number | undefined; startTime: string | undefined },
): Promise<boolean> {
  if (pid === undefined || startTime === undefined) return false;
  return (await host.processStartTime(pid)) === startTime;
}

/** Those that still live. */
export async function livingOf<T extends { pid: number | undefined; startTime: string | undefined }>(
  host: Starts,
  known: readonly T[],
): Promise<T[]> {
  const lives = await Promise.all(known.map((each) => stillLives(host, each)));
  return known.filter((_, index) => lives[index]);
}

/** Writes these processes down; those that have ended are left out. */
export async function knownProcesses(host: Starts, pids: readonly number[]): Promise<KnownProcess[]> {
  const known = await Promise.all(
    pids.map(async (pid) => ({ pid, startTime: await host.processStartTime(pid) })),
  );
  return known.filter((each): each is KnownProcess => each.startTime !== undefined);
}
