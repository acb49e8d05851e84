import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { isGroupAlive } from '../alive.ts';
import type { Exec, Terminal } from '../context.ts';

/** What a supervisor, a shell or a person sends to a program. */
const FOR_THE_PROGRAM: readonly NodeJS.Signals[] =
  process.platform === 'win32'
    ? ['SIGINT', 'SIGTERM', 'SIGHUP']
    : ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
/** As long as execa waits before it kills. */
const GRACE_MS = 5_000;
const LOOK_MS = 50;
const FROM_A_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);

/** Runs programs with execa, loaded when first used. The environment is exactly the one given, or ours. */
export function createExec(): Exec {
  return async (program, args, options = {}) => {
    const { execa } = await import('execa');
    // Windows has no groups of processes; what stays behind there is the program's own affair.
    const leads = options.withChildren === true && process.platform !== 'win32';
    const child = execa(program, args, {
      reject: false,
      stripFinalNewline: false,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env, extendEnv: false }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
      ...stdioOf(options),
      ...(leads ? { detached: true } : {}),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    });
    const { onLine } = options;
    if (onLine !== undefined) {
      for (const stream of [child.stdout, child.stderr]) {
        if (stream !== null) createInterface({ input: stream }).on('line', onLine);
      }
    }
    const takeBack = options.terminal === undefined ? undefined : handSignalsOn(child, options.terminal);
    // What it has started may hold its output open: it is ended meanwhile, not after.
    const end = () => void endGroup(child.pid);
    const timer = leads && options.timeoutMs !== undefined ? setTimeout(end, options.timeoutMs) : undefined;
    if (leads) options.signal?.addEventListener('abort', end, { once: true });
    const result = await child.finally(takeBack);
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', end);
    return {
      exitCode: result.exitCode ?? exitCodeOf(result.signal),
      stdout: result.stdout ?? '',
      stderr: result.stderr ?? '',
      notFound: result.code === 'ENOENT',
      timedOut: result.timedOut,
    };
  };
}

function stdioOf({ terminal, input }: { terminal?: Terminal; input?: string }) {
  if (terminal !== undefined) {
    const { stdin, stdout, stderr } = terminal;
    return {
      stdin: stdin === process.stdin ? ('inherit' as const) : [stdin as Readable, 'pipe' as const],
      stdout: stdout === process.stdout ? ('inherit' as const) : [stdout as Writable, 'pipe' as const],
      stderr: stderr === process.stderr ? ('inherit' as const) : [stderr as Writable, 'pipe' as const],
      // It takes the time that it needs to end: nobody but the user knows how long that is.
      forceKillAfterDelay: false as const,
      buffer: false as const,
    };
  }
  return input === undefined ? { stdin: 'ignore' as const } : { input };
}

/**
 * Whatever asks us to end, or tells something, is meant for the program whose terminal it is meanwhile: our own answers
 * wait until it has ended. A terminal sends Ctrl-C and Ctrl-\\ to the program itself, which must not hear of them twice.
 *
 * @returns puts our own answers back
 */
function handSignalsOn(
  child: { kill(signal: NodeJS.Signals): boolean },
  { stdin, stdout, stderr }: Terminal,
): () => void {
  const atTerminal = stdin.isTTY === true || stdout.isTTY === true || stderr.isTTY === true;
  const own = FOR_THE_PROGRAM.map((signal) => {
    const listeners = process.listeners(signal);
    process.removeAllListeners(signal);
    process.on(signal, () => {
      if (!atTerminal || !FROM_A_TERMINAL.has(signal)) child.kill(signal);
    });
    return { signal, listeners };
  });
  return () => {
    for (const { signal, listeners } of own) {
      process.removeAllListeners(signal);
      for (const listener of listeners) process.on(signal, listener);
    }
  };
}

/** Asks a program and what it has started to end, and ends what does not. */
async function endGroup(leader: number | undefined): Promise<void> {
  if (leader === undefined) return;
  tellGroup(leader, 'SIGTERM');
  for (let left = GRACE_MS; left > 0 && isGroupAlive(leader); left -= LOOK_MS) await sleep(LOOK_MS);
  tellGroup(leader, 'SIGKILL');
}

function tellGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** As shells have it. */
function exitCodeOf(signal: NodeJS.Signals | undefined): number {
  return signal === undefined ? 1 : 128 + (constants.signals[signal] ?? 0);
}
