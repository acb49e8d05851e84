import { EngineError, failure } from '../engine.ts';
import { isObject } from './json.ts';
import { errorFrom, errorSaidBy, type Said } from './said-error.ts';

export { isObject } from './json.ts';

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
    reasonOf: (error: unknown) => (silence.signal.aborted ? silence.signal.reason : explain(error)),
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
    throw init.signal?.aborted ? init.signal.reason : explain(error);
  }
}

/** What an endpoint says is wrong, with an answer that is no success. */
export async function refusalOf(response: Response): Promise<EngineError> {
  const text = await response.text().catch(() => '');
  return errorFrom(saidIn(text), response.status);
}

/** Pages of gateways tell a person nothing here. */
function saidIn(text: string): Said | undefined {
  const said = text.trim();
  if (said === '' || said.startsWith('<')) return undefined;
  return errorSaidBy(said);
}

export async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw notJson(error);
  }
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(error);
  }
}

export function brokeOff(cause?: unknown): EngineError {
  return failure(502, 'The engine broke off.', 'engine_broke_off', { cause });
}

export function otherForm(): EngineError {
  return failure(502, 'The engine sent a chunk of another form.', 'bad_engine_answer', { fault: 'answer' });
}

/** What an engine threw as an error of the engine, whatever it was: nobody else knows what to do with it. */
export function explain(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') return timedOut();
  const cause = error instanceof TypeError ? error.cause : undefined;
  const code = isObject(cause) && typeof cause.code === 'string' ? cause.code : undefined;
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return timedOut();
  if (code !== undefined && NOT_DECOMPRESSED.test(code)) return unreadable(error);
  // What fetch throws when there is nobody, or when the connection is cut.
  if (cause !== undefined)
    return failure(
      502,
      `The engine cannot be reached${code === undefined ? '' : ` (${code})`}.`,
      'engine_unreachable',
      { cause: error },
    );
  return unreadable(error);
}

/** Of Node's decompression: gzip, deflate and brotli. The endpoint is there, and another answer of it may be sound. */
const NOT_DECOMPRESSED = /^(Z_|ERR_BROTLI|ERR__ERROR_|ZSTD_)/;

function unreadable(cause: unknown): EngineError {
  return failure(502, 'The answer of the engine cannot be read.', 'bad_engine_answer', {
    fault: 'answer',
    cause,
  });
}

function notJson(cause: unknown): EngineError {
  return failure(502, 'The engine sent something that is not JSON.', 'bad_engine_answer', {
    fault: 'answer',
    cause,
  });
}

function timedOut(ms?: number): EngineError {
  return failure(
    504,
    `The engine did not answer in time${ms === undefined ? '' : ` (${ms} ms)`}.`,
    'engine_timeout',
  );
}
