import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { sampleOf } from './json-sample.ts';

/**
 * What the upstream does with requests that are right:
 * - `answers`: as it should
 * - `silent`: takes them and says nothing
 * - `garbage`: answers with something else
 * - `cuts`: breaks the connection off in the middle of the answer
 * - `fails`: answers 500
 */
export type UpstreamMode = 'answers' | 'silent' | 'garbage' | 'cuts' | 'fails';

/** A simulated upstream: it speaks the real protocol, checks every request strictly, and has no model behind it. */
export interface Upstream {
  /** Without a path. */
  url: string;
  mode: UpstreamMode;
  /** Bodies of the requests that it took. */
  requests: Record<string, unknown>[];
  /** Requests whose client has left before the answer was whole. */
  readonly abandoned: number;
  /** Stops listening, as if it were down. */
  down(): Promise<void>;
  /** Listens again at the same address. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

const text = { type: 'string' };
const nullable = (type: string) => ({ type: [type, 'null'] });
const fn = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: '^[a-zA-Z0-9_-]{1,64}$' },
    description: text,
    parameters: { type: 'object' },
    strict: nullable('boolean'),
  },
};
const tools = {
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['type', 'function'],
    properties: { type: { const: 'function' }, function: fn },
  },
};

/** The body of POST /v1/chat/completions, of its fields those that our requests may hold; any other is refused. */
const OPENAI_REQUEST = {
  type: 'object',
  additionalProperties: false,
  required: ['model', 'messages'],
  properties: {
    model: text,
    messages: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['role'],
        properties: {
          role: { enum: ['developer', 'system', 'user', 'assistant', 'tool'] },
          content: { anyOf: [text, { type: 'array', minItems: 1 }, { type: 'null' }] },
          name: text,
          refusal: nullable('string'),
          tool_calls: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['id', 'type', 'function'],
              properties: {
                id: text,
                type: { const: 'function' },
                function: {
                  type: 'object',
                  additionalProperties: false,
                  required: ['name', 'arguments'],
                  properties: { name: text, arguments: text },
                },
              },
            },
          },
          tool_call_id: text,
        },
      },
    },
    stream: { const: true },
    stream_options: {
      type: 'object',
      properties: { include_usage: { const: true } },
      required: ['include_usage'],
    },
    max_tokens: { type: ['integer', 'null'], minimum: 1 },
    max_completion_tokens: { type: ['integer', 'null'], minimum: 1 },
    n: { type: ['integer', 'null'], minimum: 1, maximum: 128 },
    stop: { anyOf: [text, { type: 'array', items: text }, { type: 'null' }] },
    temperature: { type: ['number', 'null'], minimum: 0, maximum: 2 },
    top_p: { type: ['number', 'null'], minimum: 0, maximum: 1 },
    seed: nullable('integer'),
    user: text,
    tools,
    tool_choice: { anyOf: [{ enum: ['none', 'auto', 'required'] }, { type: 'object' }] },
    parallel_tool_calls: { type: 'boolean' },
    logit_bias: { type: 'object' },
    logprobs: { type: 'boolean' },
    top_logprobs: { type: 'integer', minimum: 0, maximum: 20 },
    modalities: { type: 'array', items: { enum: ['text', 'audio'] } },
    store: { type: 'boolean' },
    service_tier: { enum: ['auto', 'default', 'flex', 'scale', 'priority'] },
    frequency_penalty: { type: 'number', minimum: -2, maximum: 2 },
    presence_penalty: { type: 'number', minimum: -2, maximum: 2 },
    response_format: {
      oneOf: [
        {
          type: 'object',
          additionalProperties: false,
          properties: { type: { enum: ['text', 'json_object'] } },
          required: ['type'],
        },
        {
          type: 'object',
          additionalProperties: false,
          required: ['type', 'json_schema'],
          properties: {
            type: { const: 'json_schema' },
            json_schema: {
              type: 'object',
              additionalProperties: false,
              required: ['name', 'schema'],
              properties: {
                name: text,
                description: text,
                schema: { type: 'object' },
                strict: nullable('boolean'),
              },
            },
          },
        },
      ],
    },
  },
};

/** The body of POST /api/chat (https://docs.ollama.com/api/chat). */
const OLLAMA_REQUEST = {
  type: 'object',
  additionalProperties: false,
  required: ['model', 'messages', 'stream'],
  properties: {
    model: text,
    stream: { const: true },
    messages: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['role', 'content'],
        properties: {
          role: { enum: ['system', 'user', 'assistant', 'tool'] },
          content: text,
          images: { type: 'array', items: text },
          tool_calls: {
            type: 'array',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['function'],
              properties: {
                function: {
                  type: 'object',
                  additionalProperties: false,
                  required: ['name', 'arguments'],
                  properties: { name: text, arguments: { type: 'object' } },
                },
              },
            },
          },
        },
      },
    },
    format: { anyOf: [{ const: 'json' }, { type: 'object' }] },
    tools,
    options: {
      type: 'object',
      additionalProperties: false,
      properties: {
        temperature: { type: 'number' },
        top_p: { type: 'number' },
        seed: { type: 'integer' },
        stop: { type: 'array', items: text },
        num_predict: { type: 'integer' },
        frequency_penalty: { type: 'number' },
        presence_penalty: { type: 'number' },
      },
    },
  },
};

const ajv = new Ajv2020({ strict: false });
// As OpenAI says it: 'tool_choice' is only allowed when 'tools' are specified.
const ONLY_WITH_TOOLS = { tool_choice: ['tools'], parallel_tool_calls: ['tools'] };
const isOpenAiRequest = ajv.compile({ ...OPENAI_REQUEST, dependentRequired: ONLY_WITH_TOOLS });
const isOllamaRequest = ajv.compile(OLLAMA_REQUEST);

/** An OpenAI-compatible endpoint at `/v1` that asks for the key. */
export function startOpenAiUpstream(options: { key: string; models: string[] }): Promise<Upstream> {
  return start((request, response, upstream, body) => {
    if (request.headers.authorization !== `Bearer ${options.key}`)
      return json(response, 401, {
        error: {
          message: 'Incorrect API key provided.',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_api_key',
        },
      });
    if (request.method === 'GET' && request.url === '/v1/models')
      return json(response, 200, {
        object: 'list',
        data: options.models.map((id) => ({ id, object: 'model', created: 1, owned_by: 'simulated' })),
      });
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
      return json(response, 404, { error: { message: 'unknown' } });
    const problem = problemOf(isOpenAiRequest, body);
    if (problem !== undefined)
      return json(response, 400, {
        error: { message: problem, type: 'invalid_request_error', param: null, code: 'invalid_value' },
      });
    return answer(upstream, response, body, {
      type: 'text/event-stream',
      pieces: () => openAiPieces(body),
      whole: 'data: [DONE]\n\n',
    });
  });
}

/** A server of Ollama. */
export function startOllama(options: { models: string[] }): Promise<Upstream> {
  return start((request, response, upstream, body) => {
    if (request.method === 'GET' && request.url === '/api/tags')
      return json(response, 200, {
        models: options.models.map((name) => ({ name, modified_at: '2026-01-01T00:00:00Z' })),
      });
    if (request.method !== 'POST' || request.url !== '/api/chat')
      return json(response, 404, { error: 'unknown' });
    const problem = problemOf(isOllamaRequest, body);
    if (problem !== undefined) return json(response, 400, { error: problem });
    return answer(upstream, response, body, {
      type: 'application/x-ndjson',
      pieces: () => ollamaPieces(body),
      whole: '',
    });
  });
}

type Body = Record<string, unknown>;
type Respond = (request: IncomingMessage, response: ServerResponse, upstream: Upstream, body: Body) => void;

async function start(respond: Respond): Promise<Upstream> {
  let server: Server | undefined;
  let port = 0;
  let abandoned = 0;
  const listen = async () => {
    server = createServer(async (request, response) => {
      response.on('close', () => {
        if (!response.writableFinished) abandoned += 1;
      });
      let content = '';
      for await (const chunk of request) content += chunk;
      const body = content === '' ? {} : parsed(content);
      if (body === undefined) return json(response, 400, { error: { message: 'not JSON' } });
      respond(request, response, upstream, body);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  };
  const close = async () => {
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    server = undefined;
    await closed;
  };
  const upstream: Upstream = {
    url: '',
    mode: 'answers',
    requests: [],
    get abandoned() {
      return abandoned;
    },
    down: close,
    up: listen,
    stop: close,
  };
  await listen();
  upstream.url = `http://127.0.0.1:${port}`;
  return upstream;
}

async function answer(
  upstream: Upstream,
  response: ServerResponse,
  body: Body,
  { type, pieces, whole }: { type: string; pieces(): string[]; whole: string },
): Promise<void> {
  upstream.requests.push(body);
  if (upstream.mode === 'silent') return;
  if (upstream.mode === 'fails')
    return json(response, 500, { error: { message: 'The server had an error.' } });
  response.writeHead(200, { 'content-type': upstream.mode === 'garbage' ? 'text/html' : type });
  if (upstream.mode === 'garbage') return void response.end('<html>It works!</html>');
  const all = pieces();
  const told = upstream.mode === 'cuts' ? all.slice(0, 2) : all;
  for (const piece of told) {
    response.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (upstream.mode === 'cuts') response.destroy();
  else response.end(whole);
}

function problemOf(validate: ValidateFunction, body: Body): string | undefined {
  if (validate(body)) return undefined;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath} ${error?.message} ${JSON.stringify(error?.params)}`;
}

function parsed(content: string): Body | undefined {
  try {
    return JSON.parse(content) as Body;
  } catch {
    return undefined;
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** What the simulated model says: a tool call when it has tools and was not answered yet, JSON when that is asked for, an echo. */
function reply(
  body: Body,
  format: unknown,
): { call?: { name: string; arguments: unknown }; content: string } {
  const messages = body.messages as { role: string; content: unknown }[];
  const last = messages.at(-1);
  const [tool] = (body.tools ?? []) as { function: { name: string; parameters?: unknown } }[];
  if (tool !== undefined && body.tool_choice !== 'none' && last?.role !== 'tool')
    return {
      call: { name: tool.function.name, arguments: sampleOf(tool.function.parameters ?? {}) },
      content: '',
    };
  if (format === 'json' || format === 'json_object') return { content: '{"simulated": true}' };
  if (typeof format === 'object' && format !== null) return { content: JSON.stringify(sampleOf(format)) };
  return {
    content: `Simulated answer to: ${typeof last?.content === 'string' ? last.content : JSON.stringify(last?.content)}`,
  };
}

function openAiPieces(body: Body): string[] {
  const format = body.response_format as { type: string; json_schema?: { schema: unknown } } | undefined;
  const { call, content } = reply(
    body,
    format?.type === 'json_schema' ? format.json_schema?.schema : format?.type,
  );
  const head = { id: 'chatcmpl-simulated', object: 'chat.completion.chunk', created: 1, model: body.model };
  const event = (fields: object) => `data: ${JSON.stringify({ ...head, ...fields })}\n\n`;
  const choices = Array.from({ length: Number(body.n ?? 1) }, (_, index) => index);
  const delta = (value: object, finish: string | null = null) =>
    event({ choices: choices.map((index) => ({ index, delta: value, finish_reason: finish })) });
  const said =
    call === undefined
      ? halves(content).map((half) => delta({ content: half }))
      : [
          delta({
            tool_calls: [
              {
                index: 0,
                id: 'call_simulated',
                type: 'function',
                function: { name: call.name, arguments: '' },
              },
            ],
          }),
          ...halves(JSON.stringify(call.arguments)).map((half) =>
            delta({ tool_calls: [{ index: 0, function: { arguments: half } }] }),
          ),
        ];
  return [
    delta({ role: 'assistant', content: call === undefined ? '' : null }),
    ...said,
    delta({}, call === undefined ? 'stop' : 'tool_calls'),
    event({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 } }),
  ];
}

function ollamaPieces(body: Body): string[] {
  const { call, content } = reply(body, body.format);
  const head = { model: body.model, created_at: '2026-01-01T00:00:00Z' };
  const line = (fields: object) => `${JSON.stringify({ ...head, ...fields })}\n`;
  const said =
    call === undefined
      ? halves(content).map((half) => line({ message: { role: 'assistant', content: half }, done: false }))
      : [
          line({
            message: { role: 'assistant', content: '', tool_calls: [{ function: call }] },
            done: false,
          }),
        ];
  const lines = [
    ...said,
    line({
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 7,
      eval_count: 5,
    }),
  ];
  // Lines need not come whole: the last but one is torn in two.
  return lines.flatMap((each, index) =>
    index === lines.length - 2 ? [each.slice(0, 10), each.slice(10)] : [each],
  );
}

function halves(whole: string): string[] {
  const middle = Math.ceil(whole.length / 2);
  return [whole.slice(0, middle), whole.slice(middle)];
}
