import type { LlmError, Model } from '@stack/contracts/llm';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type Engine, EngineError, type EngineOutput, failure } from '../engine.ts';

export interface OpenAiCompatibleOptions {
  /** The address that `/chat/completions` is appended to: `http://127.0.0.1:11434/v1` for Ollama. */
  url: string;
  apiKey: string | undefined;
  /** The only model to offer; without it, all that the endpoint names. */
  model: string | undefined;
  /** The longest silence of the endpoint, in milliseconds. */
  timeoutMs: number;
}

const MODELS_TTL_MS = 10_000;
const LARGEST_EVENT = 4 * 1024 * 1024;

/** Any endpoint that speaks OpenAI's API. Requests are passed on as they are, always streamed. */
export function createOpenAiCompatibleEngine(options: OpenAiCompatibleOptions): Engine {
  const base = options.url.replace(/\/+$/, '');
  let known: { models: Model[]; until: number } | undefined;

  const call = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = {
      'content-type': 'application/json',
      ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
    };
    try {
      return await fetch(`${base}${path}`, { ...init, headers });
    } catch (error) {
      throw explain(error);
    }
  };

  return {
    name: 'openai-compatible',

    async models() {
      if (options.model !== undefined) return [{ id: options.model, created: 0, owned_by: 'engine' }];
      if (known !== undefined && performance.now() < known.until) return known.models;
      const response = await call('/models', { signal: AbortSignal.timeout(options.timeoutMs) });
      if (!response.ok) throw new EngineError(await refusalOf(response));
      known = { models: modelsIn(await json(response)), until: performance.now() + MODELS_TTL_MS };
      return known.models;
    },

    async *answer(request, signal) {
      const silence = new AbortController();
      const timer = setTimeout(() => silence.abort(timedOut(options.timeoutMs)), options.timeoutMs);
      const leave = () => silence.abort(signal.reason);
      signal.addEventListener('abort', leave);
      if (signal.aborted) leave();
      try {
        const body = JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } });
        const response = await call('/chat/completions', { method: 'POST', body, signal: silence.signal });
        if (!response.ok) throw new EngineError(await refusalOf(response));
        for await (const output of outputs(response)) {
          timer.refresh();
          yield output;
        }
      } catch (error) {
        throw explain(silence.signal.aborted ? silence.signal.reason : error);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        silence.abort();
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
  if (begun.size === 0 || ended.size < begun.size)
    throw failure(502, 'The engine broke off.', 'engine_broke_off');
}

function outputIn(data: string): EngineOutput {
  let chunk: { choices?: unknown; usage?: unknown; error?: unknown };
  try {
    chunk = JSON.parse(data);
  } catch {
    throw failure(502, 'The engine sent something that is not JSON.', 'bad_engine_answer');
  }
  if (isObject(chunk.error)) throw new EngineError(errorIn(chunk.error, 502));
  const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
  if (!choices.every(isDelta))
    throw failure(502, 'The engine sent a chunk of another form.', 'bad_engine_answer');
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

function modelsIn(body: unknown): Model[] {
  const list = isObject(body) && Array.isArray(body.data) ? body.data : [];
  return list.filter(isObject).flatMap(({ id, created, owned_by }) =>
    typeof id === 'string' && id !== ''
      ? [
          {
            id,
            created: typeof created === 'number' && Number.isInteger(created) && created >= 0 ? created : 0,
            owned_by: typeof owned_by === 'string' ? owned_by : 'engine',
          },
        ]
      : [],
  );
}

/** What the endpoint says is wrong. That it refuses our key is our fault and not the client's. */
async function refusalOf(response: Response): Promise<LlmError> {
  if (response.status === 401 || response.status === 403) {
    return failure(502, 'The engine does not accept the key of this stack.', 'engine_refused_key').error;
  }
  const body = await json(response).catch(() => undefined);
  const said = isObject(body) && isObject(body.error) ? body.error : {};
  return errorIn(said, response.status >= 400 && response.status < 500 ? response.status : 502);
}

function errorIn(said: Record<string, unknown>, status: number): LlmError {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  return {
    status,
    message: text(said.message) ?? `The engine answered with the status ${status}.`,
    type: text(said.type) ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
    param: text(said.param),
    code: text(said.code),
  };
}

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw failure(502, 'The engine sent something that is not JSON.', 'bad_engine_answer');
  }
}

function explain(error: unknown): unknown {
  if (error instanceof EngineError) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') return timedOut();
  // What fetch throws when there is nobody, or when the connection is cut.
  if (error instanceof TypeError) return failure(502, 'The engine cannot be reached.', 'engine_unreachable');
  return error;
}

function timedOut(ms?: number): EngineError {
  return failure(
    504,
    `The engine did not answer in time${ms === undefined ? '' : ` (${ms} ms)`}.`,
    'engine_timeout',
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
