import type { Model } from '@stack/contracts/llm';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type Engine, EngineError, type EngineOutput, failure } from '../engine.ts';
import {
  brokeOff,
  call,
  createSilenceGuard,
  errorIn,
  isObject,
  json,
  modelsDeadline,
  otherForm,
  parsed,
  refusalOf,
} from './upstream.ts';

export interface OpenAiCompatibleOptions {
  /** As it stands in answers, rows and headers. */
  name: string;
  /** The address that `/chat/completions` is appended to. */
  url: string;
  apiKey: string | undefined;
  /** The only model to offer; without it, all that the endpoint names. */
  model: string | undefined;
  /** The longest silence of the endpoint, in milliseconds. */
  timeoutMs: number;
}

const LARGEST_EVENT = 4 * 1024 * 1024;

/** Any endpoint that speaks OpenAI's API. Requests are passed on as they are, always streamed; their metadata is ours. */
export function createOpenAiCompatibleEngine(options: OpenAiCompatibleOptions): Engine {
  const base = options.url.replace(/\/+$/, '');
  const headers = {
    'content-type': 'application/json',
    ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
  };

  return {
    name: options.name,

    async models() {
      if (options.model !== undefined) return [{ id: options.model, created: 0, owned_by: options.name }];
      const response = await call(`${base}/models`, {
        headers,
        signal: modelsDeadline(options.timeoutMs),
      });
      if (!response.ok) throw new EngineError(await refusalOf(response));
      return modelsIn(await json(response), options.name);
    },

    async *answer({ metadata: _ours, ...request }, signal) {
      const guard = createSilenceGuard(options.timeoutMs, signal);
      try {
        const body = JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } });
        const response = await call(`${base}/chat/completions`, {
          method: 'POST',
          headers,
          body,
          signal: guard.signal,
        });
        if (!response.ok) throw new EngineError(await refusalOf(response));
        for await (const output of outputs(response)) {
          guard.heard();
          yield output;
        }
      } catch (error) {
        throw guard.reasonOf(error);
      } finally {
        guard.end();
      }
    },
  };
}

/** The pieces of a streamed answer. Rejects when it ends before every choice has its reason to end. */
async function* outputs(response: Response): AsyncGenerator<EngineOutput, void> {
  if (response.body === null || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
    throw failure(502, 'The engine did not answer with server-sent events.', 'bad_engine_answer');
  }
  const begun = new Set<number>();
  const ended = new Set<number>();
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ onError: 'terminate', maxBufferSize: LARGEST_EVENT }));
  for await (const { data } of events) {
    if (data === '[DONE]') break;
    const output = outputIn(data);
    for (const { index, finish_reason } of output.choices) {
      begun.add(index);
      if (typeof finish_reason === 'string') ended.add(index);
    }
    yield output;
  }
  if (begun.size === 0 || ended.size < begun.size) throw brokeOff();
}

function outputIn(data: string): EngineOutput {
  const chunk = parsed(data);
  if (!isObject(chunk)) throw otherForm();
  if (isObject(chunk.error)) throw new EngineError(errorIn(chunk.error, 502));
  const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
  if (!choices.every(isDelta)) throw otherForm();
  return isUsage(chunk.usage) ? { choices, usage: chunk.usage } : { choices };
}

function isDelta(choice: unknown): choice is EngineOutput['choices'][number] {
  return isObject(choice) && Number.isInteger(choice.index) && isObject(choice.delta);
}

function isUsage(usage: unknown): usage is NonNullable<EngineOutput['usage']> {
  return (
    isObject(usage) &&
    ['prompt_tokens', 'completion_tokens', 'total_tokens'].every((name) => Number.isInteger(usage[name]))
  );
}

function modelsIn(body: unknown, owner: string): Model[] {
  const list = isObject(body) && Array.isArray(body.data) ? body.data : [];
  return list.filter(isObject).flatMap(({ id, created, owned_by }) =>
    typeof id === 'string' && id !== ''
      ? [
          {
            id,
            created: typeof created === 'number' && Number.isInteger(created) && created >= 0 ? created : 0,
            owned_by: typeof owned_by === 'string' ? owned_by : owner,
          },
        ]
      : [],
  );
}
