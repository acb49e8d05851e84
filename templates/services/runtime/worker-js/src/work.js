/**
 * The work of one round. When the service ends, the signal is aborted, and a round that takes long should come to an end.
 *
 * @param {import('@stack/runtime/logging').Log} log
 * @param {AbortSignal} signal
 */
export async function work(log, signal) {
  signal.throwIfAborted();
  log.debug('nothing to do yet');
}
