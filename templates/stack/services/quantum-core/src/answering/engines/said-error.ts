import { EngineError, type Fault } from '../engine.ts';
import { isObject } from './json.ts';

/** What an endpoint says is wrong. */
export interface Said {
  message: string | undefined;
  type: string | undefined;
  param: string | undefined;
  code: string | undefined;
  /** The HTTP status that it names, where it names one. */
  status: number | undefined;
}

const LONGEST_MESSAGE = 2000;

/**
 * What is wrong, in each form in which servers of OpenAI's API say it, as the whole body or as a piece of a stream:
 * - `{"error": {message, type, param, code}}` OpenAI, vLLM, llama.cpp, LiteLLM, Groq, OpenRouter, Azure
 * - `[{"error": {…}}]` Gemini
 * - `{"error": "text"}` Ollama, text-generation-inference
 * - `{"object": "error", message, type, code}` vLLM before 0.10, sglang, Mistral
 * - `{"type": "error", "error": {…}}` Anthropic
 * - `{"detail": "text"}`, `{"detail": [{loc, msg}]}` FastAPI, so Mistral and many others
 * - `{"message": "text"}` gateways, Mistral, DashScope; also as `msg` and `error_msg`
 * - `{"errors": [{message, code}]}` Cloudflare
 * - `{"x_groq": {"error": "text"}}` Groq, in a chunk
 *
 * @returns `undefined` for what says nothing of an error
 */
export function errorSaidIn(body: unknown): Said | undefined {
  if (Array.isArray(body)) return body.map(errorSaidIn).find((said) => said !== undefined);
  if (!isObject(body)) return undefined;
  const { error, errors, detail, x_groq } = body;
  if (isGiven(error)) return saidIn(error, body);
  if (isObject(x_groq) && isGiven(x_groq.error)) return saidIn(x_groq.error, body);
  if (Array.isArray(body.choices)) return undefined;
  if (Array.isArray(errors) && errors.length > 0) return saidIn(errors[0], body);
  if (isGiven(detail)) return saidIn(detail, body);
  const said = [body.message, body.msg, body.error_msg].some(isGiven);
  if (said || body.object === 'error' || body.type === 'error') return saidIn(body, {});
  return undefined;
}

/** What is wrong, in what a server itself calls an error: in any of the forms above, or just a text. */
export function errorSaidBy(data: string): Said {
  try {
    const body: unknown = JSON.parse(data);
    return errorSaidIn(body) ?? saidIn(body, {});
  } catch {
    return saidIn(data, {});
  }
}

/** What is wrong, in a text that may be anything, the page of a gateway too. */
export function errorSaidInText(text: string): Said | undefined {
  try {
    return errorSaidIn(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function isGiven(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || isObject(value) || Array.isArray(value);
}

/** @param beside what stands beside the error, where its status may be */
function saidIn(error: unknown, beside: Record<string, unknown>): Said {
  const fields = isObject(error) ? error : {};
  const code = fields.code ?? beside.code;
  const statuses = [fields.status_code, fields.http_status_code, fields.status, code, beside.status_code];
  const type = textOf(fields.type) ?? textOf(beside.error_type);
  return {
    message: messageIn(error) ?? messageIn(beside),
    type,
    param: textOf(fields.param),
    code: statusIn(code) === undefined ? textOf(code) : undefined,
    status: statuses.map(statusIn).find((status) => status !== undefined) ?? statusOf(type, textOf(code)),
  };
}

/** The text of an error: itself, its message, or the problems of a FastAPI answer. */
function messageIn(error: unknown): string | undefined {
  if (typeof error === 'string') return error.trim().slice(0, LONGEST_MESSAGE) || undefined;
  if (Array.isArray(error)) {
    const problems = error.flatMap((each) => {
      const text = messageIn(each);
      const place = isObject(each) && Array.isArray(each.loc) ? `${each.loc.join('.')}: ` : '';
      return text === undefined ? [] : [`${place}${text}`];
    });
    return problems.length === 0 ? undefined : problems.join('; ').slice(0, LONGEST_MESSAGE);
  }
  if (!isObject(error)) return undefined;
  const { message, msg, error_msg, detail, error: inner } = error;
  return (
    messageIn(message) ?? messageIn(msg) ?? messageIn(error_msg) ?? messageIn(detail) ?? messageIn(inner)
  );
}

function statusIn(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 400 && number <= 599
    ? number
    : undefined;
}

/** Types and codes that stand for a status, where an error names none. */
const STATUSES: Record<string, number> = {
  invalid_request_error: 400,
  BadRequestError: 400,
  BadRequest: 400,
  context_length_exceeded: 400,
  exceed_context_size_error: 400,
  content_filter: 400,
  validation: 422,
  tool_use_failed: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  permission_error: 403,
  not_found_error: 404,
  NotFoundError: 404,
  model_not_found: 404,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  RateLimitError: 429,
};

function statusOf(type: string | undefined, code: string | undefined): number | undefined {
  return STATUSES[code ?? ''] ?? STATUSES[type ?? ''];
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** That an endpoint refuses our key or our account is our fault and not the client's. */
const OURS = new Set([401, 402, 403]);
const TIMED_OUT = new Set([408, 504]);

/**
 * The error for what an endpoint has said.
 *
 * @param status of the answer; without one the error came in the middle of an answer, and what it says counts
 */
export function errorFrom(said: Said | undefined, status?: number): EngineError {
  const told = status ?? said?.status;
  const message =
    said?.message ??
    `The engine ${status === undefined ? 'reported an error without a reason' : `answered with the status ${status}`}.`;
  if (told !== undefined && OURS.has(told))
    return new EngineError(
      {
        status: 502,
        message: 'The engine does not accept the key of this stack.',
        type: 'server_error',
        param: null,
        code: 'engine_refused_key',
      },
      // For the log; it may tell of the key and is nothing for a client.
      { fault: 'answer', cause: new Error(message) },
    );
  const refused = told !== undefined && told >= 400 && told < 500 && told !== 408;
  return new EngineError(
    {
      status: refused ? told : told !== undefined && TIMED_OUT.has(told) ? 504 : 502,
      message,
      type: said?.type ?? (refused ? 'invalid_request_error' : 'server_error'),
      param: said?.param ?? null,
      code: said?.code ?? (refused ? null : 'engine_failed'),
    },
    { fault: faultOf(told) },
  );
}

function faultOf(status: number | undefined): Fault {
  if (status === undefined || status < 400 || status === 408 || status === 429) return 'answer';
  return status >= 500 ? 'endpoint' : 'request';
}
