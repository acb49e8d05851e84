import { log } from './service.ts';

/** The work of one round. When the service ends, the signal is aborted, and a round that takes long should come to an end. */
export async function work(signal: AbortSignal, correlationId: string): Promise<void> {
  signal.throwIfAborted();
  log('debug', 'nothing to do yet', {}, correlationId);
}
