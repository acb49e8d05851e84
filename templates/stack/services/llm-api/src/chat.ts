import { Readable } from 'node:stream';
import {
  LLM_REQUESTS,
  type LlmRequest,
  type LlmResponse,
  llmRequest,
  llmResponse,
} from '@stack/contracts/llm';
import type { Bus } from '@stack/runtime/bus';
import { traceparentFrom } from '@stack/runtime/correlation';
import type { Event } from '@stack/runtime/events';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { completionBody, completionEvents } from './completions.ts';
import { ClientGone, OpenAiError } from './openai-errors.ts';

/** `POST /v1/chat/completions`, plain and streamed. */
export function registerChat(
  http: FastifyInstance,
  options: { bus: Bus; service: string; deadlineMs: number },
): void {
  const { bus, service, deadlineMs } = options;

  http.post('/v1/chat/completions', async (request, reply) => {
    const { correlationId } = request;
    const traceparent = traceparentFrom(request.headers.traceparent);
    const event = llmRequest.create(request.body as LlmRequest, {
      source: service,
      correlationid: correlationId,
      expirytime: new Date(Date.now() + deadlineMs).toISOString(),
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    // The body is validated here, by the event's schema: what is not valid is not sent.
    const answer = bus.request({
      type: llmRequest,
      event,
      to: LLM_REQUESTS,
      answerType: llmResponse,
      deadlineMs,
      signal: goneSignal(reply),
    });
    const first = await firstPart(answer);
    if (first.data.kind === 'error') throw new OpenAiError(first.data.error);
    const { engine, cached } = first.data.completion;
    reply.header('x-qbtc-engine', engine).header('x-qbtc-cache', cached ? 'hit' : 'miss');
    if (event.data.stream !== true) return completionBody(first.data);
    reply
      .header('content-type', 'text/event-stream; charset=utf-8')
      .header('cache-control', 'no-cache')
      .header('x-accel-buffering', 'no');
    const includeUsage = event.data.stream_options?.include_usage === true;
    return reply.send(Readable.from(completionEvents(first, answer, includeUsage), { objectMode: false }));
  });
}

async function firstPart(answer: AsyncIterator<Event<LlmResponse>>): Promise<Event<LlmResponse>> {
  const { value, done } = await answer.next();
  if (done) throw new Error('an answer ended without a part');
  return value;
}

/** Aborted when the client leaves before it has its whole answer. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new ClientGone('the client went away'));
  });
  return gone.signal;
}
