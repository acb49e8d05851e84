import { randomUUID } from 'node:crypto';

/**
 * @typedef {object} Rounds
 * @property {() => Promise<void>} check Rejects with the reason when the last round has failed.
 * @property {() => Promise<void>} close No further round; resolves when the present one is over.
 */

/**
 * Does the work again and again, never twice at a time: the next round begins so long after the last one is over. Each
 * has a correlation id of its own. One that fails is told and counted, and the next one is tried all the same.
 *
 * @param {object} options
 * @param {number} options.everyMs
 * @param {import('@stack/runtime/logging').Log} options.log
 * @param {(log: import('@stack/runtime/logging').Log, signal: AbortSignal) => Promise<void>} options.work
 * @param {(outcome: 'done' | 'failed') => void} options.onOutcome
 * @returns {Rounds}
 */
export function startRounds(options) {
  const { everyMs, work, onOutcome } = options;
  const ending = new AbortController();
  /** @type {Error | undefined} */
  let failure;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;

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
