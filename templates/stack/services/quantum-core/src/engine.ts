import type { ChoiceDelta, LlmError, LlmRequest, Model, Usage } from '@stack/contracts/llm';
import { NOT_PART_OF_THE_QUESTION } from './question.ts';

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

/**
 * Refuses a request with fields that the engine does not take, as far as they ask for something.
 *
 * @param taken fields of the question; those that say who asks and how the answer travels are never refused
 * @param by who refuses, as the message names it: `with the model 'qbtc-offline'`
 * @throws {EngineError}
 */
export function refuseOtherFields(request: LlmRequest, taken: ReadonlySet<string>, by: string): void {
  for (const [field, value] of Object.entries(request)) {
    const asksForNothing = value === null || value === false || (Array.isArray(value) && value.length === 0);
    if (asksForNothing || taken.has(field) || NOT_PART_OF_THE_QUESTION.has(field)) continue;
    throw refusal(
      `Unsupported parameter: '${field}' is not supported ${by}.`,
      field,
      'unsupported_parameter',
    );
  }
}

/** An engine that is away, broken or too slow. */
export function failure(status: 502 | 503 | 504, message: string, code: string): EngineError {
  return new EngineError({ status, message, type: 'server_error', param: null, code });
}
