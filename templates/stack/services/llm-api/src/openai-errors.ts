import type { LlmError } from '@stack/contracts/llm';
import { AnswerInterrupted, BusUnavailable, DeadlineExceeded, Unroutable } from '@stack/runtime/bus';
import { EventInvalid, type EventProblem } from '@stack/runtime/events';
import { statusOf } from '@stack/runtime/http-errors';
import type { FastifyRequest } from 'fastify';

/** An answer in OpenAI's error shape, to be thrown. */
export class OpenAiError extends Error {
  override readonly name = 'OpenAiError';
  readonly error: LlmError;

  constructor(error: LlmError) {
    super(error.message);
    this.error = error;
  }
}

/** The client went away before it had its answer. Nobody reads this; 499 is nginx's status for it. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** The body of an error as OpenAI's clients read it. */
export function errorBody({ message, type, param, code }: LlmError): { error: Omit<LlmError, 'status'> } {
  return { error: { message, type, param, code } };
}

/** What a client is told about whatever was thrown. Errors that are not known say nothing about the inside. */
export function errorOf(thrown: unknown): LlmError {
  if (thrown instanceof OpenAiError) return thrown.error;
  if (thrown instanceof EventInvalid) {
    return thrown.problem.path === '/data' || thrown.problem.path.startsWith('/data/')
      ? invalidRequest(thrown.problem)
      : server(502, 'The core gave an answer that does not match its schema.', 'bad_answer');
  }
  if (thrown instanceof DeadlineExceeded) return server(504, 'The core did not answer in time.', 'timeout');
  if (thrown instanceof AnswerInterrupted) {
    return server(502, 'The core was restarted while it answered. Please try again.', 'interrupted');
  }
  if (thrown instanceof Unroutable)
    return server(503, 'No core is connected to the broker.', 'service_unavailable');
  if (thrown instanceof BusUnavailable)
    return server(503, 'The broker is not available.', 'service_unavailable');
  if (thrown instanceof ClientGone) return server(499, 'The client went away.', 'client_gone');
  return fromHttp(thrown);
}

/** Notes for the log why an answer broke off that had begun. That the client has left, or asked wrongly, is no failure. */
export function noteFailure(request: FastifyRequest, error: unknown): void {
  if (errorOf(error).status >= 500) request.failure = error;
}

/** A request that OpenAI's API would refuse in these words. */
export function badRequest(message: string, param: string | null, code: string | null): LlmError {
  return { status: 400, message, type: 'invalid_request_error', param, code };
}

function server(status: number, message: string, code: string | null): LlmError {
  return { status, message, type: 'server_error', param: null, code };
}

/** The errors of the HTTP layer itself, which carry a status. */
function fromHttp(thrown: unknown): LlmError {
  const status = statusOf(thrown);
  if (status === 413) {
    return { ...badRequest('The request is too large.', null, 'request_too_large'), status };
  }
  if (status >= 400 && status < 500 && thrown instanceof Error) {
    return { ...badRequest(thrown.message, null, null), status };
  }
  return server(500, 'The server had an error while processing your request.', null);
}

/** `/data/messages/0/content` as OpenAI writes it: `messages[0].content`. */
function parameterOf(path: string): string {
  return path
    .split('/')
    .slice(2)
    .map((segment) => (/^\d+$/.test(segment) ? `[${segment}]` : `.${segment}`))
    .join('')
    .replace(/^\./, '');
}

function invalidRequest(problem: EventProblem): LlmError {
  const { keyword, params, message } = problem;
  const parameter = parameterOf(problem.path);
  if (keyword === 'required') {
    const missing = `${parameter === '' ? '' : `${parameter}.`}${String(params.missingProperty)}`;
    return badRequest(`Missing required parameter: '${missing}'.`, missing, 'missing_required_parameter');
  }
  if (parameter === '') return badRequest('The body of the request must be a JSON object.', null, null);
  if (keyword === 'type')
    return badRequest(`Invalid type for '${parameter}': ${message}.`, parameter, 'invalid_type');
  if (keyword === 'minItems')
    return badRequest(`Invalid '${parameter}': empty array.`, parameter, 'empty_array');
  if (keyword === 'enum') {
    const allowed = Array.isArray(params.allowedValues)
      ? params.allowedValues.map((value) => `'${value}'`)
      : [];
    return badRequest(
      `Invalid value for '${parameter}': supported values are ${allowed.join(', ')}.`,
      parameter,
      'invalid_value',
    );
  }
  return badRequest(`Invalid value for '${parameter}': ${message}.`, parameter, 'invalid_value');
}
