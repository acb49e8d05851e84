import { randomUUID } from 'node:crypto';
import type { Log } from '@stack/runtime/logging';

export interface Rounds {
  /** Rejects with the reason when the last round has failed. */
  check(): Promise<void>;
  /** No further round; resolves when the present one is over. */
  close(): Promise<void>;
}

/**
 * Does the work again and again, never twice at a time: the next round begins so long after the last one is over. Each
 * has a correlation id of its own. One that fails is told and counted, and the next one is tried all the same.
 */
export function startRounds(options: {
  everyMs: number;
  log: Log;
  work(log: Log, signal: AbortSignal): Promise<void>;
  onOutcome(outcome: 'done' | 'failed'): void;
}): Rounds {
  const { everyMs, work, onOutcome } = options;
  const ending = new AbortController();
  let failure: Error | undefined;
  let timer: NodeJS.Timeout | undefined;

  const round = async () => {
    const log = options.log.correlated(randomUUID());
    const started = performance.now();
    try {
      await work(log, ending.signal);
      failure = undefined;
      onOutcome('done');
      log.info('did a round', { ms: Math.round(performance.now() - started) });
    } catch (error) {
      if (ending.signal.aborted) return;
      failure = new Error('the last round failed', { cause: error });
      onOutcome('failed');
      log.error('a round failed', { error });
    }
    if (ending.signal.aborted) return;
    timer = setTimeout(() => {
      present = round();
    }, everyMs);
  };
  let present = round();

  return {
    async check() {
      if (failure !== undefined) throw failure;
    },
    async close() {
      ending.abort();
      clearTimeout(timer);
      await present;
    },
  };
}
