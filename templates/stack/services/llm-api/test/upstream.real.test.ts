import { fileURLToPath } from 'node:url';
import { query } from '@stack/testing/postgres';
import { eventually, skipWithout, type TestServer } from '@stack/testing/server';
import { type StackServers, stackServers, startStackServers } from '@stack/testing/servers';
import { startService, type TestService } from '@stack/testing/service';
import { startOllama, startOpenAiUpstream, type Upstream } from '@stack/testing/upstream';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const skipped = skipWithout(stackServers);

describe.skipIf(skipped)('the LLM API before upstreams that speak the real protocols', () => {
  let servers: StackServers | undefined;
  const services: TestService[] = [];
  let openai: Upstream;
  let ollama: Upstream;
  let core: TestService;
  let client: OpenAI;
  let database: TestServer;

  beforeAll(async () => {
    servers = await startStackServers();
    const { broker, cache } = servers;
    database = servers.database;
    [openai, ollama] = await Promise.all([
      startOpenAiUpstream({ key: 'upstream-key', models: ['gpt-simulated', 'shared'] }),
      startOllama({ models: ['llama-simulated', 'shared'] }),
    ]);
    const api = await startService('llm-api', `${ROOT}services/llm-api/src/main.ts`, {
      AMQP_URL: broker.url,
      LLM_DEADLINE_MS: '4000',
      MODELS_TTL_MS: '0',
    });
    core = await startService('quantum-core', `${ROOT}services/quantum-core/src/main.ts`, {
      AMQP_URL: broker.url,
      DATABASE_URL: database.url,
      REDIS_URL: cache.url,
      ENGINE_URL: `${openai.url}/v1`,
      ENGINE_API_KEY: 'upstream-key',
      OLLAMA_URL: ollama.url,
      ENGINE_OFFLINE: 'always',
      ENGINE_TIMEOUT_MS: '500',
      ENGINE_BREAKER_FAILURES: '1000',
      PRICES: '{"gpt-simulated": {"prompt": 1000, "completion": 2000}}',
    });
    services.push(api, core);
    await Promise.all(services.map((service) => service.healthy()));
    client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: 'any', maxRetries: 0 });
  });
  afterEach(async () => {
    for (const upstream of [openai, ollama]) upstream.mode = 'answers';
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await Promise.all([openai?.stop(), ollama?.stop()]);
    await servers?.stop();
  });

  const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
  const ask = (model: string, content: string) => ({ model, messages: [{ role: 'user' as const, content }] });

  it('names the models of all engines, each once', async () => {
    const models = [];
    for await (const { id } of client.models.list()) models.push(id);
    expect(models).toEqual(['qbtc-auto', 'gpt-simulated', 'shared', 'llama-simulated', 'qbtc-offline']);
  });

  it.each(['gpt-simulated', 'llama-simulated'])('passes tools on and calls back: %s', async (model) => {
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: city } }];
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: `Weather by ${model}?` }];
    const asked = await client.chat.completions.create({ model, messages, tools });
    const [choice] = asked.choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    const [call] = choice?.message.tool_calls ?? [];
    if (call?.type !== 'function' || choice === undefined) throw new Error('no call');
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'sample' });
    messages.push(choice.message, { role: 'tool', tool_call_id: call.id, content: 'Sunny' });
    const answered = await client.chat.completions.create({ model, messages, tools });
    expect(answered.choices[0]?.message.content).toContain('Sunny');
  });

  it('streams tool calls in pieces that fit together', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: city } }];
    // The second time it comes out of the cache.
    for (const _ of ['asked', 'cached']) {
      const stream = client.chat.completions.stream({ ...ask('gpt-simulated', 'Streamed weather?'), tools });
      const final = await stream.finalChatCompletion();
      const [call] = final.choices[0]?.message.tool_calls ?? [];
      expect(call?.type === 'function' && JSON.parse(call.function.arguments)).toEqual({ city: 'sample' });
    }
  });

  it.each(['gpt-simulated', 'llama-simulated'])('answers by a JSON Schema: %s', async (model) => {
    const completion = await client.chat.completions.create({
      ...ask(model, 'As JSON.'),
      response_format: { type: 'json_schema', json_schema: { name: 'place', schema: city, strict: true } },
    });
    expect(JSON.parse(completion.choices[0]?.message.content ?? '')).toEqual({ city: 'sample' });
    const free = await client.chat.completions.create({
      ...ask(model, 'As any JSON.'),
      response_format: { type: 'json_object' },
    });
    expect(JSON.parse(free.choices[0]?.message.content ?? '')).toEqual({ simulated: true });
  });

  it('writes down who answered, and what it cost', async () => {
    const { response } = await client.chat.completions
      .create(ask('gpt-simulated', 'What does it cost?'))
      .withResponse();
    expect(response.headers.get('x-qbtc-engine')).toBe('openai-compatible');
    const [row] = await query<{ engine: string; cost_usd: string }>(
      database.url,
      'select engine, cost_usd from qcs_quantum.interactions where correlation_id = $1',
      [response.headers.get('x-correlation-id')],
    );
    // (7 × 1000 + 5 × 2000) / 1,000,000
    expect(row).toMatchObject({ engine: 'openai-compatible' });
    expect(Number(row?.cost_usd)).toBeCloseTo(0.017, 10);
  });

  it.each([
    'silent',
    'garbage',
    'cuts',
    'fails',
  ] as const)('asks the next engine when one is %s', async (mode) => {
    openai.mode = mode;
    const { data, response } = await client.chat.completions
      .create(ask('shared', `Who answers when one is ${mode}?`))
      .withResponse();
    expect(response.headers.get('x-qbtc-engine')).toBe('ollama');
    expect(data.choices[0]?.message.content).toContain(mode);
    // Named models are not swapped for others in silence.
    await expect(
      client.chat.completions.create(ask('gpt-simulated', `Only you, ${mode}.`)),
    ).rejects.toMatchObject({
      status: mode === 'silent' ? 504 : 502,
    });
    ollama.mode = 'fails';
    const last = await client.chat.completions.create(ask('qbtc-auto', `Anybody, ${mode}?`)).withResponse();
    expect(last.response.headers.get('x-qbtc-engine')).toBe('qbtc-offline');
    expect(last.data.model).toBe('qbtc-offline');
  });

  it('tells a stream that it broke off, and sends nothing after that', async () => {
    openai.mode = 'cuts';
    const stream = await client.chat.completions.create({
      ...ask('gpt-simulated', 'Break off.'),
      stream: true,
    });
    const received = async () => {
      for await (const _ of stream);
    };
    await expect(received()).rejects.toThrow();
  });

  it('has the core stop when the client leaves', async () => {
    openai.mode = 'silent';
    const before = openai.abandoned;
    const asked = openai.requests.length;
    const leaving = new AbortController();
    const left = client.chat.completions
      .create(ask('gpt-simulated', 'Nobody waits for this.'), { signal: leaving.signal })
      .catch((error: unknown) => error);
    await eventually('the engine is asked', async () => expect(openai.requests.length).toBe(asked + 1), {
      timeoutMs: 3000,
      everyMs: 5,
    });
    leaving.abort();
    await left;
    // Long before its own deadline of 500 ms would end it the core has let go of the engine.
    await eventually('the engine is let go of', async () => expect(openai.abandoned).toBe(before + 1), {
      timeoutMs: 3000,
      everyMs: 5,
    });
    const [row] = await eventually(
      'it is recorded',
      async () => {
        const rows = await query<{ response: { error: { code: string } } }>(
          database.url,
          `select response from qcs_quantum.interactions where request::text like '%Nobody waits for this.%'`,
        );
        expect(rows).toHaveLength(1);
        return rows;
      },
      { timeoutMs: 3000, everyMs: 20 },
    );
    expect(row?.response.error.code).toBe('client_gone');
  });
});
