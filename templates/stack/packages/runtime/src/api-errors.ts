import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { reasonOf } from './errors.ts';
import { statusOf, unforeseen } from './http-errors.ts';

/** What a client is told: `{error: {code, message}}` with this status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

/** Waits for what a server is asked for; while that is away the client is told so with 503. */
export async function from<Result>(part: string, asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    throw new ApiError(503, `${part}_unavailable`, `the ${part} does not answer: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

export interface ErrorAnswers {
  /** Where the OpenAPI document is: whoever asks for a route that there is not is sent there. */
  document: string;
  /** What is said of an error that nobody has foreseen; 500 when left out. */
  unforeseen?(request: FastifyRequest): ApiError;
}

/** Gives the routes of a server one shape for everything that goes wrong: `{error: {code, message}}`. */
export function answerErrors(
  http: FastifyInstance,
  { document, unforeseen: toError = internal }: ErrorAnswers,
): void {
  http.setErrorHandler((thrown, request, reply) => {
    if (thrown instanceof ApiError) return refuse(reply, thrown);
    const status = statusOf(thrown);
    if (status < 500 && thrown instanceof Error)
      return refuse(reply, { status, code: 'bad_request', message: thrown.message });
    return refuse(reply, toError(request));
  });
  http.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.split('?', 1)[0]}; see ${document}`;
    return refuse(reply, { status: 404, code: 'not_found', message });
  });
}

function internal(request: FastifyRequest): ApiError {
  return new ApiError(500, 'internal', unforeseen(request));
}

function refuse(
  reply: FastifyReply,
  { status, code, message }: Pick<ApiError, 'status' | 'code' | 'message'>,
) {
  return reply.code(status).send({ error: { code, message } });
}
