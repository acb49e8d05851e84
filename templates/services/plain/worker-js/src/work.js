import { log } from './service.js';

/** The work of one round. When the service ends, the signal is aborted, and a round that takes long should come to an end. */
export async function work(signal, correlationId) {
  signal.throwIfAborted();
  log('debug', 'nothing to do yet', {}, correlationId);
}
