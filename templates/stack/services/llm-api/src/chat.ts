import { Readable } from 'node:stream';
import type { LlmRequest } from '@stack/contracts/llm';
import type { FastifyInstance } from 'fastify';
import type { Asking } from './asking.ts';
import { completionBody, completionEvents } from './chat-completion.ts';
import { headersOf, STREAM_HEADERS } from './headers.ts';
import { noteFailure } from './openai-errors.ts';

/** `POST /v1/chat/completions`, plain and streamed. */
export function registerChat(http: FastifyInstance, { asking }: { asking: Asking }): void {
  http.post('/v1/chat/completions', async (request, reply) => {
    const question = request.body as LlmRequest;
    const { first, rest } = await asking.ask(request, reply, question);
    reply.headers(headersOf(first.data));
    if (question.stream !== true) return completionBody(first.data);
    const includeUsage = question.stream_options?.include_usage === true;
    reply.headers(STREAM_HEADERS);
    const events = completionEvents(first, rest, includeUsage, (error) => noteFailure(request, error));
    return reply.send(Readable.from(events, { objectMode: false }));
  });
}
