import { DESTINATIONS } from '@stack/contracts/events';
import {
  type LlmRequest,
  type LlmResponse,
  llmCancellation,
  llmRequest,
  llmResponse,
} from '@stack/contracts/llm';
import type { Bus } from '@stack/runtime/bus';
import type { Event } from '@stack/runtime/events';
import type { Log } from '@stack/runtime/logging';
import { traceparentOf } from '@stack/runtime/tracing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { badRequest, ClientGone, OpenAiError } from './openai-errors.ts';

/** An answer of the core as it comes: its first part, and an iterator of those after it. */
export interface CoreAnswer {
  first: Event<LlmResponse>;
  rest: AsyncIterableIterator<Event<LlmResponse>>;
}

/** Asks the core on behalf of a client. */
export interface Asking {
  /**
   * Resolves with the first part of the answer. When the client leaves before it has everything, the core is told so.
   *
   * @param part the number of the question, where one request of the client asks several
   * @throws {OpenAiError} when the request or the answer is an error, and what the bus throws
   */
  ask(request: FastifyRequest, reply: FastifyReply, question: LlmRequest, part?: number): Promise<CoreAnswer>;
}

const CONSUMER = /^[A-Za-z0-9_-]{1,128}$/;
/** The envelope takes five characters more, for the number of the question. */
const LONGEST_KEY = 250;

export function createAsking(options: { bus: Bus; service: string; log: Log; deadlineMs: number }): Asking {
  const { bus, service, log } = options;
  /** Idempotency keys of requests in work here, with their consumers. */
  const keysInWork = new Set<string>();

  /** The key of the request, held until the client has its answer. */
  const holdKey = (
    request: FastifyRequest,
    reply: FastifyReply,
    consumer: string | undefined,
    part: number,
  ) => {
    const given = keyOf(request);
    if (given === undefined) return undefined;
    const key = part === 0 ? given : `${given}#${part}`;
    const held = `${consumer ?? ''}\0${key}`;
    if (keysInWork.has(held)) {
      throw new OpenAiError({
        ...badRequest('A request with this idempotency key is in work.', null, 'idempotency_key_in_use'),
        status: 409,
      });
    }
    keysInWork.add(held);
    reply.raw.once('close', () => keysInWork.delete(held));
    return key;
  };

  const tellCore = (event: Event<LlmRequest>) => {
    const cancellation = llmCancellation.create(
      { request: event.id },
      {
        source: service,
        correlationid: event.correlationid,
        causationid: event.id,
        traceparent: event.traceparent,
      },
    );
    // A core that is gone has nothing to stop.
    bus
      .publish(llmCancellation, cancellation, DESTINATIONS.llm_cancellation)
      .catch((error: unknown) => log.debug('could not tell the core that a client has left', { error }));
  };

  return {
    async ask(request, reply, question, part = 0) {
      const { correlationId, budgetMs = options.deadlineMs } = request;
      const deadlineMs = Math.max(1, Math.min(options.deadlineMs, budgetMs));
      const consumer = consumerOf(request);
      const idempotencykey = holdKey(request, reply, consumer, part);
      const event = llmRequest.create(question, {
        source: service,
        correlationid: correlationId,
        expirytime: new Date(Date.now() + deadlineMs).toISOString(),
        traceparent: traceparentOf(request.span),
        ...(consumer === undefined ? {} : { consumer }),
        ...(idempotencykey === undefined ? {} : { idempotencykey }),
      });
      // The body is validated here, by the event's schema: what is not valid is not sent.
      const rest = bus.request({
        type: llmRequest,
        event,
        to: DESTINATIONS.llm_request,
        answerType: llmResponse,
        deadlineMs,
      });
      reply.raw.once('close', () => {
        if (reply.raw.writableFinished) return;
        rest.fail(new ClientGone('the client went away'));
        tellCore(event);
      });
      const { value: first, done } = await rest.next();
      if (done) throw new Error('an answer ended without a part');
      if (first.data.kind === 'error') throw new OpenAiError(first.data.error);
      return { first, rest };
    },
  };
}

/** Who asks, as the gateway tells after it has checked their key. */
function consumerOf({ headers }: FastifyRequest): string | undefined {
  const name = headers['x-consumer-username'];
  return typeof name === 'string' && CONSUMER.test(name) ? name : undefined;
}

/** The header of draft-ietf-httpapi-idempotency-key-header, which OpenAI's clients send too. */
function keyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key.length > 0 && key.length <= LONGEST_KEY) return key;
  throw new OpenAiError(
    badRequest(`The header Idempotency-Key must hold 1 to ${LONGEST_KEY} characters.`, null, 'invalid_value'),
  );
}
