import type { Completion, LlmResponse } from '@stack/contracts/llm';
import type { Event } from '@stack/runtime/events';
import { errorBody, errorOf, OpenAiError } from './openai-errors.ts';

type Part = LlmResponse;

/** The body of an answer that is not streamed, from its only part. */
export function completionBody(part: Part): Record<string, unknown> {
  if (part.kind === 'error') throw new OpenAiError(part.error);
  if (part.kind === 'chunk' || part.choices === undefined)
    throw new Error('the core streamed an answer that was not to be streamed');
  return {
    ...head(part.completion, 'chat.completion'),
    choices: part.choices.map((choice) => ({ logprobs: null, ...choice })),
    usage: part.usage,
  };
}

/**
 * The lines of a streamed answer, as server-sent events: a chunk for each part, the usage if it is asked for, `[DONE]`.
 * An error in the middle is sent as an event, as OpenAI does, and nothing after it.
 */
export async function* completionEvents(
  first: Event<Part>,
  rest: AsyncIterable<Event<Part>>,
  includeUsage: boolean,
  onFailure: (error: unknown) => void,
): AsyncGenerator<string, void> {
  const usage = includeUsage ? { usage: null } : {};
  try {
    for await (const { data } of concatenate(first, rest)) {
      if (data.kind === 'error') throw new OpenAiError(data.error);
      const chunk = head(data.completion, 'chat.completion.chunk');
      if (data.kind === 'chunk') {
        const choices = data.choices.map((choice) => ({ logprobs: null, finish_reason: null, ...choice }));
        yield serverSentEvent({ ...chunk, choices, ...usage });
      } else if (includeUsage) {
        yield serverSentEvent({ ...chunk, choices: [], usage: data.usage });
      }
    }
    yield 'data: [DONE]\n\n';
  } catch (error) {
    onFailure(error);
    yield serverSentEvent(errorBody(errorOf(error)));
  }
}

/** The first part, and those after it. */
export async function* concatenate<Item>(first: Item, rest: AsyncIterable<Item>): AsyncGenerator<Item, void> {
  yield first;
  yield* rest;
}

function head(completion: Completion, object: string): Record<string, unknown> {
  const { id, created, model, engine } = completion;
  return { id, object, created, model, system_fingerprint: engine };
}

export function serverSentEvent(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
