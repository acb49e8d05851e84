import { fileURLToPath } from 'node:url';
import { type ScriptedEndpoint, startScripted } from '@stack/testing/scripted';
import { skipWithout } from '@stack/testing/server';
import { type StackServers, stackServers, startStackServers } from '@stack/testing/servers';
import { startService, type TestService } from '@stack/testing/service';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const skipped = skipWithout(stackServers);

/** The whole way with the official client: what the endpoint sends, byte by byte, and what the client gets of it. */
describe.skipIf(skipped)('the LLM API before an endpoint that answers as servers really do', () => {
  let servers: StackServers | undefined;
  const services: TestService[] = [];
  let endpoint: ScriptedEndpoint;
  let ollama: ScriptedEndpoint;
  let client: OpenAI;
  let core: TestService;

  beforeAll(async () => {
    servers = await startStackServers();
    const { broker, cache, database } = servers;
    [endpoint, ollama] = await Promise.all([startScripted(['m']), startScripted()]);
    const api = await startService('llm-api', `${ROOT}services/llm-api/src/main.ts`, {
      AMQP_URL: broker.url,
      LLM_DEADLINE_MS: '20000',
    });
    core = await startService('quantum-core', `${ROOT}services/quantum-core/src/main.ts`, {
      AMQP_URL: broker.url,
      DATABASE_URL: database.url,
      REDIS_URL: cache.url,
      CACHE_TTL_SECONDS: '0',
      ENGINE_URL: `${endpoint.url}/v1`,
      OLLAMA_URL: ollama.url,
      OLLAMA_MODEL: 'llama',
      ENGINE_OFFLINE: 'always',
      ENGINE_BREAKER_FAILURES: '3',
      ENGINE_BREAKER_MS: '600000',
    });
    services.push(api, core);
    await Promise.all(services.map((service) => service.healthy()));
    client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: 'any', maxRetries: 0 });
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await Promise.all([endpoint?.stop(), ollama?.stop()]);
    await servers?.stop();
  });

  const question = { model: 'm', messages: [{ role: 'user' as const, content: 'Hello' }] };
  const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;
  const chunk = (delta: unknown, finish_reason: unknown = null) =>
    event({ choices: [{ index: 0, delta, finish_reason }] });
  const answers = (...pieces: string[]) => {
    endpoint.script = { pieces };
  };

  it('streams chunks whose finish_reason is empty, as they come', async () => {
    answers(
      chunk({ role: 'assistant', content: 'Hel' }, ''),
      chunk({ content: 'lo' }, ''),
      chunk({}, 'stop'),
      'data: [DONE]\n\n',
    );
    const stream = client.chat.completions.stream(question);
    expect((await stream.finalChatCompletion()).choices).toMatchObject([
      { message: { content: 'Hello' }, finish_reason: 'stop' },
    ]);
  });

  it('keeps two tool calls of one index apart, streamed and plain', async () => {
    const call = (id: string) =>
      chunk({
        tool_calls: [
          { index: 0, id, type: 'function', function: { name: 'f', arguments: `{"of":"${id}"}` } },
        ],
      });
    answers(call('a'), call('b'), chunk({}, 'tool_calls'));
    const tools = [{ type: 'function' as const, function: { name: 'f', parameters: {} } }];
    const streamed = await client.chat.completions.stream({ ...question, tools }).finalChatCompletion();
    const plain = await client.chat.completions.create({ ...question, tools });
    for (const { choices } of [streamed, plain])
      expect(choices[0]?.message.tool_calls).toMatchObject([
        { id: 'a', function: { name: 'f', arguments: '{"of":"a"}' } },
        { id: 'b', function: { name: 'f', arguments: '{"of":"b"}' } },
      ]);
  });

  it('takes the chunks of a content filter', async () => {
    answers(
      event({ choices: [], prompt_filter_results: [] }),
      chunk({ content: 'Hello' }),
      event({ choices: [{ index: 0, finish_reason: null, content_filter_results: {} }] }),
      chunk({}, 'stop'),
      chunk(null),
    );
    const { choices } = await client.chat.completions.create(question);
    expect(choices).toMatchObject([{ message: { content: 'Hello' }, finish_reason: 'stop' }]);
  });

  it.each([
    [
      'the field error',
      'error: {"code":400,"message":"too long","type":"invalid_request_error"}\n\n',
      400,
      'too long',
    ],
    ['a text', event({ error: 'out of memory' }), 502, 'out of memory'],
    ['an object', event({ error: { message: 'no slot', type: 'server_error' } }), 502, 'no slot'],
    ['an event', 'event: error\ndata: {"message":"overloaded"}\n\n', 502, 'overloaded'],
  ])('gives the reason to the client, and holds nothing against the endpoint: %s', async (_name, error, status, message) => {
    answers(chunk({ content: 'Hel' }), error);
    for (let times = 0; times < 4; times += 1)
      await expect(client.chat.completions.create(question)).rejects.toMatchObject({
        status,
        error: { message: expect.stringContaining(message) },
      });
    const streamed = client.chat.completions.stream(question).finalChatCompletion();
    await expect(streamed).rejects.toThrow(message);
    answers('x-unknown: field\n', chunk({ content: 'Well' }, 'stop'));
    expect((await client.chat.completions.create(question)).choices[0]?.message.content).toBe('Well');
    expect(core.lines().filter((line) => line.includes('gave an event up'))).toEqual([]);
  });

  it.each(['m', 'llama', 'qbtc-offline'])('takes a request that asks for nothing more: %s', async (model) => {
    answers(chunk({ content: 'Hello' }, 'stop'));
    ollama.script = {
      type: 'application/x-ndjson',
      pieces: ['{"message":{"role":"assistant","content":"Hello"},"done":true}\n'],
    };
    const { choices } = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Hello', name: null as unknown as string }],
      frequency_penalty: 0,
      logit_bias: {},
      logprobs: false,
      metadata: {},
      modalities: ['text'],
      n: 1,
      parallel_tool_calls: true,
      response_format: { type: 'text' },
      service_tier: 'auto',
      stop: 'never said',
      store: false,
      stream_options: null,
      tool_choice: 'none',
      tools: [],
      top_logprobs: 0,
      user: null as unknown as string,
    });
    expect(choices).toMatchObject([
      { message: { content: expect.stringContaining('') }, finish_reason: 'stop' },
    ]);
  });
});
