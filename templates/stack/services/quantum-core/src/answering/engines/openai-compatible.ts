import type { Model } from '@stack/contracts/llm';
import { type Engine, EngineError, type EngineOutput, failure } from '../engine.ts';
import { withoutNothing } from '../question.ts';
import { createChunkReader } from './chunks.ts';
import { isObject } from './json.ts';
import { errorFrom, errorSaidBy, errorSaidIn, errorSaidInText } from './said-error.ts';
import { serverSentEvents } from './sse.ts';
import { brokeOff, call, createSilenceGuard, json, modelsDeadline, parsed, refusalOf } from './upstream.ts';

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

/**
 * Any endpoint that speaks OpenAI's API. Requests are passed on as they are, always streamed, without
 * what is null or empty; their metadata is ours.
 */
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
      if (!response.ok) throw await refusalOf(response);
      return modelsIn(await json(response), options.name);
    },

    async *answer(asked, signal) {
      const { metadata: _ours, ...request } = withoutNothing(asked);
      const guard = createSilenceGuard(options.timeoutMs, signal);
      try {
        const body = JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } });
        const response = await call(`${base}/chat/completions`, {
          method: 'POST',
          headers,
          body,
          signal: guard.signal,
        });
        if (!response.ok) throw await refusalOf(response);
        yield* outputs(response, guard.heard);
      } catch (error) {
        throw guard.reasonOf(error);
      } finally {
        guard.end();
      }
    },
  };
}

/** The pieces of an answer. Rejects when it ends before every choice has its reason to end. */
async function* outputs(response: Response, heard: () => void): AsyncGenerator<EngineOutput, void> {
  const type = response.headers.get('content-type') ?? '';
  const reader = createChunkReader();
  // Some answer at once what was to be streamed, and some report an error with the status of a success.
  if (/^application\/(problem\+)?json\b/i.test(type)) {
    yield reader.read(await json(response));
    return yield* reader.end(true);
  }
  if (response.body === null || !/^text\/event-stream\b/i.test(type)) throw await notEventsOf(response, type);
  let isWhole = false;
  // Comments behind the last choice keep a connection open that has nothing more to say.
  const onPiece = () => reader.isComplete || heard();
  try {
    for await (const { data, isError, isCut } of serverSentEvents(response.body, onPiece)) {
      if (isError) throw errorFrom(errorSaidBy(data));
      if (data.trim() === '[DONE]') {
        isWhole = true;
        break;
      }
      // Some keep the connection open with events that hold nothing.
      if (data.trim() === '') continue;
      yield reader.read(chunkIn(data, isCut));
    }
  } catch (error) {
    // A connection that is cut, or stays open in silence, after the last choice has ended has cut nothing off.
    const isSaid = error instanceof EngineError && error.error.code !== 'engine_timeout';
    if (isSaid || !reader.isComplete) throw error;
  }
  yield* reader.end(isWhole);
}

/** The reason that stands in an answer of another type, where there is one: proxies send theirs as text/plain. */
async function notEventsOf(response: Response, type: string): Promise<EngineError> {
  const said = errorSaidInText(await response.text());
  if (said !== undefined) return errorFrom(said);
  const found = type === '' ? 'an answer without a content type' : type.slice(0, 100);
  return failure(
    502,
    `The engine did not answer with server-sent events, but with ${found}.`,
    'bad_engine_answer',
    { fault: 'answer' },
  );
}

function chunkIn(data: string, isCut: boolean): unknown {
  try {
    return parsed(data);
  } catch (error) {
    throw isCut ? brokeOff(error) : error;
  }
}

function modelsIn(body: unknown, owner: string): Model[] {
  const said = errorSaidIn(body);
  if (said !== undefined) throw errorFrom(said);
  // Together gives the bare list.
  const given = isObject(body) ? body.data : body;
  const list = Array.isArray(given) ? given : [];
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
