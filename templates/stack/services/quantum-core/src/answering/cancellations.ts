import type { LlmError } from '@stack/contracts/llm';
import { EngineError } from './engine.ts';

/** The status that nginx gives to a request whose client has left. */
const CLIENT_GONE: LlmError = {
  status: 499,
  message: 'The client went away before it had its answer.',
  type: 'invalid_request_error',
  param: null,
  code: 'client_gone',
};

/**
 * Requests whose answer nobody waits for any more. One that is in work is stopped; one that still waits in the queue
 * is known for a while, so that it is not begun.
 */
export interface Cancellations {
  cancel(request: string): void;
  /** Aborted when the request is cancelled, or was before. To be ended with `end`. */
  begin(request: string): AbortSignal;
  end(request: string): void;
}

/** So many are remembered; the oldest are forgotten first. */
const MOST = 10_000;

export function createCancellations(): Cancellations {
  const inWork = new Map<string, AbortController>();
  const cancelled = new Set<string>();
  return {
    cancel(request) {
      const controller = inWork.get(request);
      if (controller !== undefined) {
        controller.abort(new EngineError(CLIENT_GONE));
        return;
      }
      cancelled.add(request);
      const [oldest] = cancelled;
      if (cancelled.size > MOST && oldest !== undefined) cancelled.delete(oldest);
    },
    begin(request) {
      const controller = new AbortController();
      inWork.set(request, controller);
      if (cancelled.delete(request)) controller.abort(new EngineError(CLIENT_GONE));
      return controller.signal;
    },
    end(request) {
      inWork.delete(request);
    },
  };
}
