import type { LlmError } from '@stack/contracts/llm';
import { EngineError, failure } from '../engine.ts';

/** What the engines behind HTTP have in common. */

/**
 * A request whose answer may not be silent for longer than the time given; every piece of it that comes is to be told by
 * `heard`. The signal of the result is aborted by silence, or with the one of the caller.
 */
export function createSilenceGuard(timeoutMs: number, signal: AbortSignal) {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(timedOut(timeoutMs)), timeoutMs);
  const leave = () => silence.abort(signal.reason);
  signal.addEventListener('abort', leave);
  if (signal.aborted) leave();
  return {
    signal: silence.signal,
    heard: () => timer.refresh(),
    /** What is to be thrown for an error that came while the request ran. */
    reasonOf: (error: unknown) => explain(silence.signal.aborted ? silence.signal.reason : error),
    end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
      silence.abort();
    },
  };
}

/** No model is asked when a server tells what it offers: it has no reason to take long. */
const LONGEST_MODELS_MS = 5_000;

export function modelsDeadline(timeoutMs: number): AbortSignal {
  return AbortSignal.timeout(Math.min(timeoutMs, LONGEST_MODELS_MS));
}

/** The answer to a request. @throws {EngineError} when there is nobody, or no answer in time */
export async function call(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw explain(error);
  }
}

/** What an endpoint says is wrong. That it refuses our key is our fault and not the client's. */
export async function refusalOf(response: Response): Promise<LlmError> {
  if (response.status === 401 || response.status === 403) {
    return failure(502, 'The engine does not accept the key of this stack.', 'engine_refused_key').error;
  }
  const body = await json(response).catch(() => undefined);
  const error = isObject(body) ? body.error : undefined;
  const said = isObject(error) ? error : typeof error === 'string' ? { message: error } : {};
  return errorIn(said, response.status >= 400 && response.status < 500 ? response.status : 502);
}

export function errorIn(said: Record<string, unknown>, status: number): LlmError {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  return {
    status,
    message: text(said.message) ?? `The engine answered with the status ${status}.`,
    type: text(said.type) ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
    param: text(said.param),
    code: text(said.code),
  };
}

export async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw notJson();
  }
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notJson();
  }
}

export function brokeOff(): EngineError {
  return failure(502, 'The engine broke off.', 'engine_broke_off');
}

export function otherForm(): EngineError {
  return failure(502, 'The engine sent a chunk of another form.', 'bad_engine_answer');
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notJson(): EngineError {
  return failure(502, 'The engine sent something that is not JSON.', 'bad_engine_answer');
}

function explain(error: unknown): unknown {
  if (error instanceof EngineError) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') return timedOut();
  // What fetch throws when there is nobody, or when the connection is cut.
  if (error instanceof TypeError) return failure(502, 'The engine cannot be reached.', 'engine_unreachable');
  return error;
}

function timedOut(ms?: number): EngineError {
  return failure(
    504,
    `The engine did not answer in time${ms === undefined ? '' : ` (${ms} ms)`}.`,
    'engine_timeout',
  );
}
