import type { Log } from '@stack/runtime/logging';

/** The work of one round. When the service ends, the signal is aborted, and a round that takes long should come to an end. */
export async function work(log: Log, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  log.debug('nothing to do yet');
}
