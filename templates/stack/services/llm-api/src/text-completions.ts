import { Readable } from 'node:stream';
import type { LlmRequest, LlmResponse, Usage } from '@stack/contracts/llm';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asking, CoreAnswer } from './asking.ts';
import { concatenate, serverSentEvent } from './chat-completion.ts';
import { headersOf, STREAM_HEADERS } from './headers.ts';
import { badRequest, errorBody, errorOf, noteFailure, OpenAiError } from './openai-errors.ts';

/** As OpenAI's API has it when the client does not say. */
const USUAL_MAX_TOKENS = 16;
const MOST_PROMPTS = 32;

interface Question {
  prompts: string[];
  n: number;
  stream: boolean;
  includeUsage: boolean;
  echo: boolean;
  /** The request for one prompt. */
  request(prompt: string): LlmRequest;
}

/**
 * `POST /v1/completions`, the API before chat: each prompt is put as the only message of a chat. Prompts as lists of
 * tokens, `suffix`, `logprobs` and `best_of` are refused: nothing behind this could honour them.
 */
export function registerTextCompletions(http: FastifyInstance, { asking }: { asking: Asking }): void {
  http.post('/v1/completions', async (request, reply) => {
    const question = questionIn(request.body);
    // Each question waits for the client to leave.
    reply.raw.setMaxListeners(2 * MOST_PROMPTS + reply.raw.getMaxListeners());
    if (question.stream) return stream(request, reply, question);
    const answers = await Promise.all(
      question.prompts.map((prompt, place) => asking.ask(request, reply, question.request(prompt), place)),
    );
    const [first] = answers;
    if (first !== undefined) reply.headers(headersOf(first.first.data));
    return body(question, answers);
  });

  const stream = async (request: FastifyRequest, reply: FastifyReply, question: Question) => {
    const [prompt = ''] = question.prompts;
    const first = await asking.ask(request, reply, question.request(prompt));
    reply.headers(headersOf(first.first.data)).headers(STREAM_HEADERS);
    // One prompt after the other: clients tell the choices apart by their index.
    const rest = async function* () {
      yield first;
      for (const [place, next] of question.prompts.entries())
        if (place > 0) yield await asking.ask(request, reply, question.request(next), place);
    };
    const onFailure = (error: unknown) => noteFailure(request, error);
    return reply.send(Readable.from(events(question, rest(), onFailure), { objectMode: false }));
  };
}

function questionIn(body: unknown): Question {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new OpenAiError(badRequest('The body of the request must be a JSON object.', null, null));
  const { prompt, echo, suffix, logprobs, best_of, ...shared } = body as Record<string, unknown>;
  const n = Number.isInteger(shared.n) ? Number(shared.n) : 1;
  for (const [field, value] of Object.entries({ suffix, logprobs })) {
    if (value !== undefined && value !== null && value !== '')
      throw new OpenAiError(
        badRequest(`Unsupported parameter: '${field}' is not supported.`, field, 'unsupported_parameter'),
      );
  }
  if (best_of !== undefined && best_of !== null && best_of !== n)
    throw new OpenAiError(
      badRequest("Unsupported value: 'best_of' must be equal to 'n'.", 'best_of', 'unsupported_value'),
    );
  const { stream_options: streamOptions } = shared;
  return {
    prompts: promptsIn(prompt),
    n,
    stream: shared.stream === true,
    includeUsage:
      typeof streamOptions === 'object' &&
      streamOptions !== null &&
      'include_usage' in streamOptions &&
      streamOptions.include_usage === true,
    echo: echo === true,
    request: (content) =>
      ({
        ...shared,
        max_tokens: shared.max_tokens ?? USUAL_MAX_TOKENS,
        messages: [{ role: 'user', content }],
      }) as LlmRequest,
  };
}

function promptsIn(prompt: unknown): string[] {
  if (prompt === undefined || prompt === null)
    throw new OpenAiError(
      badRequest("Missing required parameter: 'prompt'.", 'prompt', 'missing_required_parameter'),
    );
  const prompts = Array.isArray(prompt) ? prompt : [prompt];
  if (
    prompts.length === 0 ||
    prompts.length > MOST_PROMPTS ||
    !prompts.every((each) => typeof each === 'string')
  )
    throw new OpenAiError(
      badRequest(
        `Invalid type for 'prompt': expected a text or up to ${MOST_PROMPTS} texts.`,
        'prompt',
        'invalid_type',
      ),
    );
  return prompts;
}

function body({ prompts, n, echo }: Question, answers: readonly CoreAnswer[]): Record<string, unknown> {
  const parts = answers.map(({ first }) => first.data);
  const [head] = parts;
  if (head === undefined || head.kind === 'error') throw new Error('an answer without a completion');
  return {
    ...headOf(head),
    choices: parts.flatMap((part, place) =>
      part.kind === 'complete'
        ? (part.choices ?? []).map(({ index, message, finish_reason }) => ({
            index: place * n + index,
            text: `${echo ? prompts[place] : ''}${message.content ?? ''}`,
            logprobs: null,
            finish_reason,
          }))
        : [],
    ),
    usage: total(parts.flatMap((part) => (part.kind === 'complete' ? [part.usage] : []))),
  };
}

async function* events(
  question: Question,
  answers: AsyncIterable<CoreAnswer>,
  onFailure: (error: unknown) => void,
): AsyncGenerator<string, void> {
  const { prompts, n, echo, includeUsage } = question;
  const usages: Usage[] = [];
  let place = 0;
  let head: Record<string, unknown> = {};
  try {
    for await (const { first, rest } of answers) {
      if (first.data.kind !== 'error') head = headOf(first.data);
      const begun = new Set<number>();
      for await (const { data } of concatenate(first, rest)) {
        if (data.kind === 'error') throw new OpenAiError(data.error);
        if (data.kind === 'complete') usages.push(data.usage);
        else if (data.choices.length > 0) {
          const choices = data.choices.map(({ index, delta, finish_reason = null }) => {
            const before = echo && !begun.has(index) ? (prompts[place] ?? '') : '';
            begun.add(index);
            return {
              index: place * n + index,
              text: `${before}${delta.content ?? ''}`,
              logprobs: null,
              finish_reason,
            };
          });
          yield serverSentEvent({ ...head, choices });
        }
      }
      place += 1;
    }
    if (includeUsage) yield serverSentEvent({ ...head, choices: [], usage: total(usages) });
    yield 'data: [DONE]\n\n';
  } catch (error) {
    onFailure(error);
    yield serverSentEvent(errorBody(errorOf(error)));
  }
}

function headOf(part: Exclude<LlmResponse, { kind: 'error' }>): Record<string, unknown> {
  const { id, created, model, engine } = part.completion;
  return {
    id: id.replace(/^chatcmpl-/, 'cmpl-'),
    object: 'text_completion',
    created,
    model,
    system_fingerprint: engine,
  };
}

function total(usages: readonly Usage[]): Usage {
  const sum = (name: 'prompt_tokens' | 'completion_tokens' | 'total_tokens') =>
    usages.reduce((all, usage) => all + usage[name], 0);
  return {
    prompt_tokens: sum('prompt_tokens'),
    completion_tokens: sum('completion_tokens'),
    total_tokens: sum('total_tokens'),
  };
}
