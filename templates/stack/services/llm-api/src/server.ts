import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Bus } from '@stack/runtime/bus';
import { unforeseen } from '@stack/runtime/http-errors';
import type { Log } from '@stack/runtime/logging';
import type { FastifyInstance } from 'fastify';
import { createAsking } from './asking.ts';
import { registerChat } from './chat.ts';
import { registerModels } from './models.ts';
import { badRequest, errorBody, errorOf, OpenAiError } from './openai-errors.ts';
import { registerTextCompletions } from './text-completions.ts';

export interface ApiOptions {
  bus: Bus;
  log: Log;
  service: string;
  /** How long the core may take, in milliseconds. */
  deadlineMs: number;
  /** How long the list of models is remembered, in milliseconds. */
  modelsTtlMs: number;
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The routes of the OpenAI API, and its error shape for everything that goes wrong. */
export function registerApi(http: FastifyInstance, options: ApiOptions): void {
  const { bus, log, service, deadlineMs, modelsTtlMs } = options;

  // Whatever the content type says, a body is JSON or it is refused.
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    const parsed = parseJson(body);
    if (parsed === undefined) done(notJson());
    else done(null, parsed.value);
  });
  // The gateway's, where it has one: clients quote it when they ask for help.
  http.addHook('onRequest', (request, reply, done) => {
    const given = request.headers['x-request-id'];
    reply.header('x-request-id', typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID());
    done();
  });
  http.addHook('preValidation', (request, _reply, done) => {
    done(request.method === 'POST' && request.body === undefined ? notJson() : undefined);
  });

  http.setErrorHandler((thrown, request, reply) => {
    const error = errorOf(thrown);
    // What nobody has foreseen is looked for in the log.
    const message = error.status === 500 ? unforeseen(request) : error.message;
    return reply.code(error.status).send(errorBody({ ...error, message }));
  });
  http.setNotFoundHandler((request, reply) => {
    const message = `Unknown request URL: ${request.method} ${request.url.split('?', 1)[0]}.`;
    return reply.code(404).send(errorBody({ ...badRequest(message, null, 'unknown_url'), status: 404 }));
  });

  const asking = createAsking({ bus, service, log, deadlineMs });
  registerChat(http, { asking });
  registerTextCompletions(http, { asking });
  registerModels(http, { bus, service, deadlineMs, ttlMs: modelsTtlMs });
}

/** What the body holds; `undefined` where that is not JSON. */
function parseJson(body: Buffer): { value: unknown } | undefined {
  if (!isUtf8(body)) return undefined;
  try {
    return { value: JSON.parse(body.toString('utf8')) };
  } catch {
    return undefined;
  }
}

function notJson(): OpenAiError {
  return new OpenAiError(badRequest('We could not parse the JSON body of your request.', null, null));
}
