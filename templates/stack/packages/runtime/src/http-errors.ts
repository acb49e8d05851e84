import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Log } from './logging.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What was thrown while the request was answered; it is logged with the answer, if that is the service's fault. */
    failure: unknown;
  }
}

type Thrown = Error & { statusCode?: number };
type ErrorHandler = (
  this: FastifyInstance,
  error: Thrown,
  request: FastifyRequest,
  reply: FastifyReply,
) => unknown;
type SetErrorHandler = (this: FastifyInstance, handler: ErrorHandler) => FastifyInstance;

/**
 * Keeps whatever is thrown while a request is answered for `logFailure`, whichever handler makes an answer of it. Without a handler of its own a service answers in fastify's form; an
 * error that nobody has foreseen says nothing of the inside there, and names the correlation id to look for in the log.
 */
export function keepErrors(server: FastifyInstance): void {
  server.decorateRequest('failure', undefined);
  const original = server.setErrorHandler as SetErrorHandler;
  let current: ErrorHandler = answerUsual;
  const noting = (handler: () => ErrorHandler): ErrorHandler =>
    function (error, request, reply) {
      request.failure = error;
      return handler().call(this, error, request, reply);
    };
  original.call(
    server,
    noting(() => current),
  );
  // Services set handlers of their own, also for parts of their routes: what each is given is noted first.
  (server as { setErrorHandler: SetErrorHandler }).setErrorHandler = function (handler) {
    if (this === server) current = handler;
    else
      original.call(
        this,
        noting(() => handler),
      );
    return this;
  };
}

function answerUsual(thrown: Thrown, request: FastifyRequest, reply: FastifyReply) {
  const statusCode = statusOf(thrown);
  const foreseen = thrown instanceof Error && 'statusCode' in thrown;
  return reply.code(statusCode).send({
    statusCode,
    error: thrown instanceof Error && statusCode < 500 ? thrown.name : 'Internal Server Error',
    message: foreseen ? thrown.message : unforeseen(request),
    correlation_id: request.correlationId,
  });
}

/** What a client is told of an error that nobody has foreseen. */
export function unforeseen({ correlationId }: FastifyRequest): string {
  return `The service had an error. Its log says which, under the correlation id ${correlationId}.`;
}

/** The status that an error carries, of the HTTP layer itself or of a plugin; 500 where it carries none. */
export function statusOf(thrown: unknown): number {
  const status = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : 500;
}

/** Logs why a request failed, if it did. One that was refused did not; one whose answer had begun did. */
export function logFailure(log: Log, request: FastifyRequest, reply: FastifyReply): void {
  const { failure, method, correlationId } = request;
  const status = reply.statusCode;
  if (failure === undefined || (status >= 400 && status < 500)) return;
  const context = { method, route: request.routeOptions.url ?? 'unknown', status, error: failure };
  const correlated = log.correlated(correlationId);
  // What is away is told from what is broken.
  if (status > 500) correlated.warn('could not answer', context);
  else correlated.error('could not answer', context);
}

type FastifyError = Error & { code?: string };

/** Keeps what fastify meets itself while it answers, and has it write no lines of its own. */
export class FailuresOnly extends fastify.LogController {
  constructor() {
    super({ disableRequestLogging: true });
  }

  /** An answer broke off that had begun. That the client has left is no failure. */
  override streamError(error: FastifyError, request: FastifyRequest): void {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') request.failure ??= error;
  }

  override serializerError(error: FastifyError, request: FastifyRequest): void {
    request.failure ??= error;
  }

  override writeHeadError(error: FastifyError, request: FastifyRequest): void {
    request.failure ??= error;
  }
}

/** Fastify's logger, in the stack's one schema: for services that use `request.log`. */
export function createRequestLog(log: Log) {
  return {
    logger: new RequestLog(log) as unknown as FastifyBaseLogger,
    child: () => new RequestLog(log) as unknown as FastifyBaseLogger,
    /** From now on what is logged of the request carries its correlation id. */
    know(request: FastifyRequest): void {
      const own: unknown = request.log;
      if (own instanceof RequestLog) own.request = request;
    },
  };
}

/** One is made for each request, of which most write no line by it. */
class RequestLog {
  readonly level = 'info';
  request: FastifyRequest | undefined;
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  trace(first: unknown, second?: unknown): void {
    this.#write('debug', first, second);
  }
  debug(first: unknown, second?: unknown): void {
    this.#write('debug', first, second);
  }
  info(first: unknown, second?: unknown): void {
    this.#write('info', first, second);
  }
  warn(first: unknown, second?: unknown): void {
    this.#write('warn', first, second);
  }
  error(first: unknown, second?: unknown): void {
    this.#write('error', first, second);
  }
  fatal(first: unknown, second?: unknown): void {
    this.#write('error', first, second);
  }
  silent(): void {}
  child(): this {
    return this;
  }

  #write(level: 'debug' | 'info' | 'warn' | 'error', first: unknown, second: unknown): void {
    const { message, context } = lineOf(first, second);
    const id = this.request?.correlationId;
    (id === undefined ? this.#log : this.#log.correlated(id))[level](message, context);
  }
}

/** Pino's two ways to log: `(message)` and `(object, message)`, with the error as the object or as its `err`. */
function lineOf(first: unknown, second: unknown): { message: string; context?: Record<string, unknown> } {
  if (typeof first === 'string') return { message: first };
  const said = typeof second === 'string' ? second : undefined;
  if (first instanceof Error) return { message: said ?? first.message, context: { error: first } };
  const { err, req: _request, res: _reply, ...others } = (first ?? {}) as Record<string, unknown>;
  const context = err === undefined ? others : { ...others, error: err };
  return { message: said ?? (err instanceof Error ? err.message : ''), context };
}
