import type { ChatMessage, LlmRequest, Model } from '@stack/contracts/llm';
import { type Engine, type EngineError, type EngineOutput, refusal } from '../engine.ts';
import { textOf } from '../message-text.ts';
import { refuseOtherFields } from '../question.ts';
import { isCount, isObject } from './json.ts';
import { errorFrom, errorSaidIn } from './said-error.ts';
import {
  brokeOff,
  call,
  createSilenceGuard,
  json,
  modelsDeadline,
  otherForm,
  parsed,
  refusalOf,
} from './upstream.ts';

export interface OllamaOptions {
  /** `http://127.0.0.1:11434` */
  url: string;
  /** The only model to offer; without it, all that are pulled. */
  model: string | undefined;
  /** The longest silence of the server, in milliseconds. A model that is loaded first is silent for long. */
  timeoutMs: number;
}

const NAME = 'ollama';
const LONGEST_LINE = 4 * 1024 * 1024;

/** Fields of a request, and what they are among Ollama's options. */
const OPTIONS = {
  temperature: 'temperature',
  top_p: 'top_p',
  seed: 'seed',
  stop: 'stop',
  max_tokens: 'num_predict',
  max_completion_tokens: 'num_predict',
  frequency_penalty: 'frequency_penalty',
  presence_penalty: 'presence_penalty',
} as const;
/** Roles that have another name there. */
const ROLES: Record<string, string> = { developer: 'system', function: 'tool' };
const TAKEN = new Set<string>([
  ...Object.keys(OPTIONS),
  'model',
  'messages',
  'n',
  'tools',
  'tool_choice',
  'response_format',
]);

/** A server of Ollama over its own API (https://docs.ollama.com/api/chat). */
export function createOllamaEngine(options: OllamaOptions): Engine {
  const base = options.url.replace(/\/+$/, '');
  const headers = { 'content-type': 'application/json' };

  return {
    name: NAME,

    async models() {
      if (options.model !== undefined) return [{ id: options.model, created: 0, owned_by: NAME }];
      const response = await call(`${base}/api/tags`, { signal: modelsDeadline(options.timeoutMs) });
      if (!response.ok) throw await refusalOf(response);
      return modelsIn(await json(response));
    },

    async *answer(request, signal) {
      const body = JSON.stringify(asked(request));
      const guard = createSilenceGuard(options.timeoutMs, signal);
      try {
        const response = await call(`${base}/api/chat`, {
          method: 'POST',
          headers,
          body,
          signal: guard.signal,
        });
        if (!response.ok || response.body === null) throw await refusalOf(response);
        yield { choices: [{ index: 0, delta: { role: 'assistant' } }] };
        let calls = 0;
        let done = false;
        for await (const line of lines(response.body)) {
          guard.heard();
          const output = outputIn(line, calls);
          calls += output.calls;
          done ||= output.done;
          yield* output.outputs;
          // Nothing follows, though some proxies keep the connection open.
          if (done) break;
        }
        if (!done) throw brokeOff();
      } catch (error) {
        throw guard.reasonOf(error);
      } finally {
        guard.end();
      }
    },
  };
}

/** The request in Ollama's words. @throws {EngineError} for what it has no words for */
function asked(request: LlmRequest): Record<string, unknown> {
  refuseOtherFields(request, TAKEN, 'by Ollama');
  if ((request.n ?? 1) > 1) throw unsupported('n', 'more than one choice');
  const choice = request.tool_choice ?? 'auto';
  if (choice !== 'auto' && choice !== 'none') throw unsupported('tool_choice', 'anything but auto and none');
  const settings: Record<string, unknown> = {};
  for (const [field, option] of Object.entries(OPTIONS)) {
    const value = request[field as keyof typeof OPTIONS];
    // Ollama takes texts to stop at as a list only.
    if (value !== null && value !== undefined)
      settings[option] = field === 'stop' && !Array.isArray(value) ? [value] : value;
  }
  return {
    model: request.model,
    messages: request.messages.map(messageOf),
    stream: true,
    options: settings,
    ...formatOf(request),
    ...(choice === 'none' || !request.tools?.length ? {} : { tools: request.tools }),
  };
}

function formatOf({ response_format: format }: LlmRequest): { format?: unknown } {
  if (format?.type === 'json_object') return { format: 'json' };
  if (format?.type !== 'json_schema') return {};
  const described = (format as { json_schema?: unknown }).json_schema;
  const schema = isObject(described) ? described.schema : undefined;
  if (!isObject(schema))
    throw refusal(
      "Missing required parameter: 'response_format.json_schema.schema'.",
      'response_format.json_schema.schema',
      'missing_required_parameter',
    );
  return { format: schema };
}

function messageOf(message: ChatMessage, index: number): Record<string, unknown> {
  const parts = Array.isArray(message.content) ? message.content : [];
  const images = parts.filter(({ type }) => type !== 'text').map((part) => imageOf(part, index));
  const calls = (message.tool_calls ?? []).map((call) => {
    const fn = isObject(call.function) ? call.function : {};
    return { function: { name: fn.name, arguments: parsedArguments(fn.arguments, index) } };
  });
  return {
    role: ROLES[message.role] ?? message.role,
    content: textOf(message),
    ...(images.length === 0 ? {} : { images }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

/** Images go as base64, and are never fetched for a client. */
function imageOf(part: Record<string, unknown>, index: number): string {
  const image = isObject(part.image_url) ? part.image_url.url : undefined;
  const data =
    typeof image === 'string' ? /^data:image\/[a-z+.-]+;base64,(.+)$/s.exec(image)?.[1] : undefined;
  if (data === undefined)
    throw unsupported(`messages[${index}].content`, 'parts other than texts and images as data: addresses');
  return data;
}

/** A function without parameters is called with an empty text as often as with an empty object. */
function parsedArguments(text: unknown, index: number): unknown {
  try {
    return JSON.parse(String(text ?? '').trim() || '{}');
  } catch {
    throw refusal(
      `Invalid 'messages[${index}].tool_calls': arguments that are not JSON.`,
      `messages[${index}].tool_calls`,
      'invalid_value',
    );
  }
}

/** What one line adds; `calls` is how many tool calls came before. */
function outputIn(line: string, calls: number): { outputs: EngineOutput[]; calls: number; done: boolean } {
  const chunk = parsed(line);
  if (!isObject(chunk)) throw otherForm();
  const said = chunk.message === undefined || chunk.error !== undefined ? errorSaidIn(chunk) : undefined;
  if (said !== undefined) throw errorFrom(said);
  const message = isObject(chunk.message) ? chunk.message : undefined;
  if (message === undefined && chunk.done !== true) throw otherForm();
  const outputs: EngineOutput[] = [];
  const add = (delta: Record<string, unknown>) => outputs.push({ choices: [{ index: 0, delta }] });
  if (typeof message?.content === 'string' && message.content !== '') add({ content: message.content });
  const asked = Array.isArray(message?.tool_calls) ? message.tool_calls.filter(isObject) : [];
  asked.forEach((call, offset) => {
    const fn = isObject(call.function) ? call.function : {};
    const index = calls + offset;
    const id = typeof call.id === 'string' && call.id !== '' ? call.id : `call_${index}`;
    add({
      tool_calls: [
        {
          index,
          id,
          type: 'function',
          function: { name: fn.name, arguments: argumentsOf(fn.arguments) },
        },
      ],
    });
  });
  if (chunk.done !== true) return { outputs, calls: asked.length, done: false };
  const ended = calls + asked.length > 0 ? 'tool_calls' : chunk.done_reason === 'length' ? 'length' : 'stop';
  outputs.push({ choices: [{ index: 0, delta: {}, finish_reason: ended }] });
  const [prompt, completion] = [chunk.prompt_eval_count, chunk.eval_count];
  if (isCount(prompt) && isCount(completion)) {
    const counted = { prompt_tokens: prompt, completion_tokens: completion };
    outputs.push({ choices: [], usage: { ...counted, total_tokens: prompt + completion } });
  }
  return { outputs, calls: asked.length, done: true };
}

/** Arguments as OpenAI has them: the text of an object. */
function argumentsOf(given: unknown): string {
  return typeof given === 'string' ? given.trim() || '{}' : JSON.stringify(given ?? {});
}

/** Lines of JSON, whatever the pieces that they come in. */
async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > LONGEST_LINE) throw otherForm();
    for (const line of parts) if (line.trim() !== '') yield line;
  }
  if (rest.trim() !== '') yield rest;
}

function modelsIn(body: unknown): Model[] {
  const list = isObject(body) && Array.isArray(body.models) ? body.models : [];
  return list.filter(isObject).flatMap(({ name, modified_at }) => {
    if (typeof name !== 'string' || name === '') return [];
    const at = typeof modified_at === 'string' ? Date.parse(modified_at) : Number.NaN;
    return [{ id: name, created: Number.isNaN(at) ? 0 : Math.floor(at / 1000), owned_by: NAME }];
  });
}

function unsupported(param: string, what: string): EngineError {
  return refusal(
    `Unsupported value: '${param}' does not support ${what} with Ollama.`,
    param,
    'unsupported_value',
  );
}
