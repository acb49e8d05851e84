import type { ChoiceDelta, LlmError, LlmRequest, Model, Usage } from '@stack/contracts/llm';

/** A piece of an engine's answer: additions to choices, or the token counts. */
export interface EngineOutput {
  choices: ChoiceDelta[];
  usage?: Usage;
}

/**
 * What a failure lies in:
 * - `request`: this request is refused, or nobody waits for its answer; no other engine is asked
 * - `answer`: the engine is there and gave no answer to this request (a limit, a key, an error in the middle of a
 *   stream, something that cannot be read); another engine may give one
 * - `endpoint`: the engine is away, broken or too slow; that alone is held against it
 */
export type Fault = 'request' | 'answer' | 'endpoint';

/** The engine refuses the request or cannot answer it: this is the answer. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly error: LlmError;
  readonly fault: Fault;

  constructor(error: LlmError, options: { fault?: Fault; cause?: unknown } = {}) {
    super(error.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.error = error;
    this.fault = options.fault ?? (error.status >= 500 ? 'endpoint' : 'request');
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
  /**
   * The whole answer in one piece, of an engine that computes it here: there is nothing to be stopped or left alone. It
   * is there sooner than a cache would have it, so it is kept only for who asks for that with `prompt_cache_key`.
   *
   * @throws {EngineError}
   */
  answerAtOnce?(request: LlmRequest): Promise<EngineOutput>;
}

/** A refusal in OpenAI's shape, with the status 400. */
export function refusal(message: string, param: string | null, code: string): EngineError {
  return new EngineError({ status: 400, message, type: 'invalid_request_error', param, code });
}

/** An engine that cannot answer: by default because it is away, broken or too slow. */
export function failure(
  status: 502 | 503 | 504,
  message: string,
  code: string,
  options: { fault?: Fault; cause?: unknown } = {},
): EngineError {
  return new EngineError({ status, message, type: 'server_error', param: null, code }, options);
}
