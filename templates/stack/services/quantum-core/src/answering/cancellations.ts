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
  /** What becomes of a request that is being worked on: it may have been cancelled before. To be ended with `end`. */
  begin(request: string): Cancellation;
  end(request: string): void;
}

/** Whether a request was cancelled. */
export class Cancellation {
  readonly #controller = new AbortController();
  #cancelled = false;

  cancel(): void {
    this.#cancelled = true;
    this.#controller.abort(new EngineError(CLIENT_GONE));
  }

  /** Aborted when it is cancelled. For who can be stopped: making it costs more than everything else here. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** @throws {EngineError} that nobody waits any more */
  throwIfCancelled(): void {
    if (this.#cancelled) this.signal.throwIfAborted();
  }
}

/** So many are remembered; the oldest are forgotten first. */
const MOST = 10_000;

export function createCancellations(): Cancellations {
  const inWork = new Map<string, Cancellation>();
  const cancelled = new Set<string>();
  return {
    cancel(request) {
      const working = inWork.get(request);
      if (working !== undefined) return working.cancel();
      cancelled.add(request);
      const [oldest] = cancelled;
      if (cancelled.size > MOST && oldest !== undefined) cancelled.delete(oldest);
    },
    begin(request) {
      const cancellation = new Cancellation();
      inWork.set(request, cancellation);
      if (cancelled.delete(request)) cancellation.cancel();
      return cancellation;
    },
    end(request) {
      inWork.delete(request);
    },
  };
}
