import type { Context } from '../context.ts';
import { EXIT, type ExitCode, QbtcError } from '../errors.ts';
import type { LogLine } from '../model/log.ts';
import type { ProbeResult } from './probe.ts';

const FIRST_PAUSE_MS = 10;
/** A pause is some quarter of what the start has taken so far. */
const LONGER = 1.25;
const LONGEST_PAUSE_MS = 250;
const SHOWN_LOG_LINES = 15;

export interface Awaited {
  name: string;
  deadlineMs: number;
  probe: () => Promise<ProbeResult>;
  /** Why what runs it has ended; `undefined` while it lives. */
  ended: () => Promise<string | undefined>;
  /** The last lines that it wrote since it was started, oldest first; left out where it writes to its user's terminal. */
  logTail?: (lines: number) => Promise<LogLine[]>;
  /** What the user can do when it is there but refuses us, or answers as somebody else. */
  refusedHint: string;
  /** What is known of why it is silent, and what to do about that; asked for once, at the deadline. */
  whySilent?: () => Promise<{ reason: string; hint: string } | undefined>;
  /** Says what it waits for, and why it is not there yet. */
  onWaiting: (reason: string) => void;
}

/**
 * Waits until a resource or service answers. Fails at once when it has ended or answers as somebody else, and at the
 * deadline with the last reason; either way with the last lines that it wrote.
 */
export async function untilReady(
  context: Pick<Context, 'clock' | 'interrupted'>,
  awaited: Awaited,
): Promise<Record<string, unknown>> {
  const { clock, interrupted } = context;
  const started = clock.monotonic();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * LONGER)) {
    interrupted.throwIfAborted();
    const result = await awaited.probe();
    if (result.ready) return result.found;
    const ended = await awaited.ended();
    if (ended !== undefined) {
      throw await failure(awaited, `${awaited.name} ended before it was ready: ${ended}`, 'PROCESS_ENDED');
    }
    if (result.refused) {
      throw await failure(
        awaited,
        `${awaited.name} is not usable: ${result.reason}`,
        'PROCESS_REFUSES',
        awaited.refusedHint,
      );
    }
    if (clock.monotonic() - started > awaited.deadlineMs) {
      const seconds = Math.round(awaited.deadlineMs / 1000);
      const why = result.problem?.kind === 'silent' ? await awaited.whySilent?.() : undefined;
      const reason = [result.reason, why?.reason ?? []].flat().join('; ');
      const message = `${awaited.name} was not ready within ${seconds} s: ${reason}`;
      throw await failure(awaited, message, 'NOT_READY', why?.hint, EXIT.timeout);
    }
    awaited.onWaiting(result.reason);
    await clock.sleep(pause, interrupted);
  }
}

async function failure(
  awaited: Awaited,
  message: string,
  code: string,
  hint = `qbtc logs ${awaited.name}`,
  exit: ExitCode = EXIT.error,
): Promise<QbtcError> {
  const logLines = await awaited.logTail?.(SHOWN_LOG_LINES);
  return new QbtcError(code, message, { exit, hint, ...(logLines === undefined ? {} : { logLines }) });
}
