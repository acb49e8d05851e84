import type { ChoiceDelta, LlmError, LlmRequest, Model, Usage } from '@stack/contracts/llm';

/** A piece of an engine's answer: additions to choices, or the token counts. */
export interface EngineOutput {
  choices: ChoiceDelta[];
  usage?: Usage;
}

/** The engine refuses the request or cannot answer it: this is the answer. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly error: LlmError;

  constructor(error: LlmError) {
    super(error.message);
    this.error = error;
  }
}

/**
 * What answers requests. An engine answers what it can do, and refuses everything else with OpenAI's error: it never
 * leaves out a part of a request in silence.
 */
export interface Engine {
  /** As it stands in answers, rows and headers. */
  readonly name: string;
  /** What it can answer with now. @throws {EngineError} when it cannot be asked */
  models(): Promise<Model[]>;
  /**
   * The answer, piece by piece: for each choice first a delta with the role, last one with the reason why it ended.
   *
   * @throws {EngineError}
   */
  answer(request: LlmRequest, signal: AbortSignal): AsyncIterable<EngineOutput>;
}

/** A refusal in OpenAI's shape, with the status 400. */
export function refusal(message: string, param: string | null, code: string): EngineError {
  return new EngineError({ status: 400, message, type: 'invalid_request_error', param, code });
}

/** An engine that is away, broken or too slow. */
export function failure(status: 502 | 503 | 504, message: string, code: string): EngineError {
  return new EngineError({ status, message, type: 'server_error', param: null, code });
}
