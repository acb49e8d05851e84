import { once } from 'node:events';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { query } from '@stack/testing/postgres';
import { eventually, skipWithout, type TestServer } from '@stack/testing/server';
import { type StackServers, stackServers, startStackServers } from '@stack/testing/servers';
import { startService, type TestService } from '@stack/testing/service';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import OpenAI, { APIError, BadRequestError, NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import logLine from '../../../event-schemas/log_line.json' with { type: 'json' };

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MODEL = 'qbtc-offline';
const skipped = skipWithout(stackServers);

describe.skipIf(skipped)('the LLM API, from the client to the core and back, all real', () => {
  let servers: StackServers | undefined;
  let broker: TestServer;
  let cache: TestServer;
  let database: TestServer;
  let api: TestService;
  let core: TestService;
  let client: OpenAI;

  const startApi = (environment: Record<string, string> = {}) =>
    startService('llm-api', `${ROOT}services/llm-api/src/main.ts`, {
      AMQP_URL: broker.url,
      LLM_DEADLINE_MS: '4000',
      MODELS_TTL_MS: '0',
      ...environment,
    });
  const startCore = () =>
    startService('quantum-core', `${ROOT}services/quantum-core/src/main.ts`, {
      AMQP_URL: broker.url,
      DATABASE_URL: database.url,
      REDIS_URL: cache.url,
    });
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${api.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const ask = (content: string) => ({ model: MODEL, messages: [{ role: 'user' as const, content }] });
  const pending = async () =>
    Number(/^bus_requests_pending\{.*\} (\d+)/m.exec(await (await fetch(`${api.url}/metrics`)).text())?.[1]);

  beforeAll(async () => {
    servers = await startStackServers();
    ({ broker, cache, database } = servers);
    [api, core] = await Promise.all([startApi(), startCore()]);
    await Promise.all([api.healthy(), core.healthy()]);
    client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: 'any', maxRetries: 0 });
  });

  afterAll(async () => {
    await Promise.all([api?.stop(), core?.stop()]);
    await servers?.stop();
  });

  it('gives the official client a plain completion with real token counts', async () => {
    const completion = await client.chat.completions.create({
      model: MODEL,
      messages: [
        { role: 'system', content: 'The ferry leaves at nine. The museum opens at ten.' },
        { role: 'user', content: 'When does the ferry leave?' },
      ],
    });
    expect(completion.object).toBe('chat.completion');
    expect(completion.model).toBe(MODEL);
    const [choice] = completion.choices;
    expect(choice?.message.role).toBe('assistant');
    expect(choice?.message.content).toContain('qbtc-offline');
    expect(choice?.message.content).toContain('The ferry leaves at nine.');
    expect(choice?.finish_reason).toBe('stop');
    expect(completion.usage?.prompt_tokens).toBeGreaterThan(15);
    expect(completion.usage?.total_tokens).toBe(
      (completion.usage?.prompt_tokens ?? 0) + (completion.usage?.completion_tokens ?? 0),
    );
  });

  it('streams to the official client, in order, with the usage at the end', async () => {
    const messages = [
      { role: 'system' as const, content: 'Tea is grown in Assam. Coffee is grown in Colombia.' },
      { role: 'user' as const, content: 'Where is coffee grown?' },
    ];
    const stream = await client.chat.completions.create({
      model: MODEL,
      messages,
      seed: 7,
      prompt_cache_key: 'coffee',
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    expect(chunks.length).toBeGreaterThan(4);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)?.choices).toEqual([]);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);

    // The same conversation, plain and now from the cache, says the same.
    const { data: plain, response } = await client.chat.completions
      .create({ model: MODEL, messages, seed: 7, prompt_cache_key: 'coffee' })
      .withResponse();
    expect(plain.choices[0]?.message.content).toBe(text);
    expect(plain.usage).toEqual(chunks.at(-1)?.usage);
    expect(response.headers.get('x-qbtc-cache')).toBe('hit');
    expect(response.headers.get('x-qbtc-engine')).toBe(MODEL);
  });

  it('ends a stream with [DONE], and streams what comes from the cache', async () => {
    const body = { ...ask('One. Two. What is after one?'), stream: true, prompt_cache_key: 'one' };
    const texts = [];
    for (const cached of ['miss', 'hit']) {
      const response = await post(body);
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
      expect(response.headers.get('x-qbtc-cache')).toBe(cached);
      const lines = (await response.text()).trimEnd().split('\n\n');
      expect(lines.at(-1)).toBe('data: [DONE]');
      texts.push(
        lines
          .slice(0, -1)
          .map((line) => JSON.parse(line.slice('data: '.length)).choices[0].delta.content ?? '')
          .join(''),
      );
    }
    expect(texts[0]).not.toBe('');
    expect(texts[1]).toBe(texts[0]);
  });

  it('asks an engine that answers at once again rather than the cache, unless the request names a key of the cache', async () => {
    const body = ask('Is this kept?');
    for (const [key, cached] of [
      [undefined, 'miss'],
      [undefined, 'miss'],
      ['kept', 'miss'],
      ['kept', 'hit'],
      [undefined, 'miss'],
    ] as const) {
      const response = await post({ ...body, prompt_cache_key: key });
      expect(response.headers.get('x-qbtc-cache')).toBe(cached);
    }
  });

  it('carries one correlation id through the answer, the row and the log lines', async () => {
    const id = 'test:correlation.1';
    const response = await post(ask('Carry the id.'), { 'x-correlation-id': id });
    expect(response.headers.get('x-correlation-id')).toBe(id);
    const rows = await query<{
      model: string;
      status: string;
      cached: boolean;
      response: { status: string };
    }>(database.url, 'select * from qcs_quantum.interactions where correlation_id = $1', [id]);
    expect(rows).toMatchObject([{ model: MODEL, engine: MODEL, status: 'completed', cached: false }]);
    await eventually(
      'both services have logged it',
      async () => {
        for (const service of [api, core]) {
          expect(service.lines().some((line) => JSON.parse(line).correlation_id === id)).toBe(true);
        }
      },
      { timeoutMs: 10_000 },
    );
    const unfit = await post(ask('Carry the id.'), { 'x-correlation-id': 'not fit' });
    expect(unfit.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('keeps requests apart that share a correlation id', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const response = await post(ask(`Number ${i} is mine. Which?`), { 'x-correlation-id': 'shared' });
        const body = (await response.json()) as OpenAI.ChatCompletion;
        return body.choices[0]?.message.content ?? '';
      }),
    );
    answers.forEach((answer, i) => {
      expect(answer).toContain(`Number ${i} is mine.`);
    });
  });

  it('gives several choices, plain and streamed, as the official client reads them', async () => {
    const question = { ...ask('The tide turns at six. When does it turn?'), n: 2 };
    const plain = await client.chat.completions.create(question);
    expect(plain.choices.map(({ index }) => index)).toEqual([0, 1]);
    const texts = ['', ''];
    for await (const chunk of await client.chat.completions.create({ ...question, seed: 2, stream: true }))
      for (const { index, delta } of chunk.choices) texts[index] += delta.content ?? '';
    expect(texts).toEqual(plain.choices.map(({ message }) => message.content));
  });

  it('ends an answer at a stop text and at the limit of tokens', async () => {
    const question = ask('The tide turns at six. When does it turn?');
    const stopped = await client.chat.completions.create({ ...question, stop: 'the' });
    expect(stopped.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: expect.not.stringContaining('the') },
    });
    const short = await client.chat.completions.create({ ...question, max_tokens: 5 });
    expect(short.choices[0]?.finish_reason).toBe('length');
    expect(short.usage?.completion_tokens).toBe(5);
  });

  it('serves the API before chat, plain and streamed', async () => {
    const prompt = [
      'The ferry leaves at nine. When does it leave?',
      'Tea grows in Assam. Where does tea grow?',
    ];
    const plain = await client.completions.create({ model: MODEL, prompt, max_tokens: 100 });
    expect(plain.object).toBe('text_completion');
    expect(plain.choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(plain.choices[1]?.text).toContain('Assam');
    expect(plain.usage?.total_tokens).toBeGreaterThan(40);
    const texts = ['', ''];
    let total = 0;
    const stream = await client.completions.create({
      model: MODEL,
      prompt,
      max_tokens: 100,
      stream: true,
      stream_options: { include_usage: true },
      echo: true,
    });
    for await (const chunk of stream) {
      for (const { index, text } of chunk.choices) texts[index] += text;
      total = chunk.usage?.total_tokens ?? total;
    }
    expect(texts).toEqual(plain.choices.map(({ text }, index) => `${prompt[index]}${text}`));
    expect(total).toBe(plain.usage?.total_tokens);
    // One key for all of them: each has one answer, however often the request is sent.
    const keyed = () =>
      fetch(`${api.url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'several' },
        body: JSON.stringify({ model: MODEL, prompt, max_tokens: 100 }),
      });
    const [once, twice] = [await (await keyed()).json(), await (await keyed()).json()];
    expect(once).toMatchObject({ choices: [{ index: 0 }, { index: 1 }] });
    expect(twice).toEqual(once);
    // Sixteen tokens, where the client does not say.
    const short = await client.completions.create({ model: MODEL, prompt: 'One. Two. What is two?' });
    expect(short.usage?.completion_tokens).toBe(16);
    await expect(client.completions.create({ model: MODEL, prompt: [1, 2, 3] })).rejects.toMatchObject({
      status: 400,
      param: 'prompt',
    });
    await expect(client.completions.create({ model: MODEL, prompt: 'x', suffix: 'y' })).rejects.toMatchObject(
      { param: 'suffix' },
    );
  });

  it('gives each request an id, and answers one key once', async () => {
    const headers = { 'idempotency-key': 'key-1', 'x-consumer-username': 'app' };
    const [first, again] = [
      await post(ask('Once, please. How often?'), headers),
      await post(ask('Once, please. How often?'), headers),
    ];
    expect(first.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const [one, two] = [await first.json(), await again.json()];
    expect(two).toEqual(one);
    const other = await post(ask('Something else?'), headers);
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ error: { code: 'idempotency_key_reused' } });
    expect((await post(ask('x'), { 'idempotency-key': 'k'.repeat(300) })).status).toBe(400);
  });

  it('names the models of the core', async () => {
    const models = [];
    for await (const model of client.models.list()) models.push(model.id);
    expect(models).toEqual([MODEL]);
    expect(await client.models.retrieve(MODEL)).toMatchObject({ id: MODEL, object: 'model' });
    await expect(client.models.retrieve('org/other')).rejects.toBeInstanceOf(NotFoundError);
  });

  it('refuses in OpenAI’s words', async () => {
    const refusal = async (body: unknown) => {
      const response = await post(body);
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      return { status: response.status, ...error };
    };
    const type = 'invalid_request_error';
    expect(await refusal('{"model": ')).toMatchObject({ status: 400, type, param: null });
    expect(await refusal('')).toMatchObject({ status: 400, type });
    expect(await refusal('[]')).toMatchObject({ status: 400, type });
    expect(await refusal({ model: MODEL })).toMatchObject({ status: 400, type, param: 'messages' });
    expect(await refusal({ model: MODEL, messages: [] })).toMatchObject({ status: 400, code: 'empty_array' });
    expect(await refusal({ ...ask('x'), max_tokens: -1 })).toMatchObject({
      status: 400,
      param: 'max_tokens',
    });
    expect(await refusal({ model: MODEL, messages: [{ role: 'user' }] })).toMatchObject({
      status: 400,
      param: 'messages[0].content',
    });
    expect(await refusal({ ...ask('x'), logit_bias: { 1: 1 } })).toMatchObject({
      status: 400,
      code: 'unsupported_parameter',
      param: 'logit_bias',
    });
    expect(await refusal({ ...ask('x'), n: -1 })).toMatchObject({ status: 400, param: 'n' });
    expect(await refusal({ ...ask('x'), metadata: { conversation_id: 7 } })).toMatchObject({ status: 400 });
    const unknown = await fetch(`${api.url}/v1/nothing`);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { code: 'unknown_url' } });

    const typed = async (call: Promise<unknown>) => call.catch((error: unknown) => error);
    expect(await typed(client.chat.completions.create({ ...ask('x'), model: 'gpt-none' }))).toBeInstanceOf(
      NotFoundError,
    );
    const tools = await typed(
      client.chat.completions.create({ ...ask('x'), tools: [{ type: 'function', function: { name: 'f' } }] }),
    );
    expect(tools).toBeInstanceOf(BadRequestError);
    expect(tools).toMatchObject({ code: 'unsupported_parameter', param: 'tools' });
  });

  it('takes what is unusual but right: U+0000, lone surrogates, control tokens, 100,000 characters', async () => {
    for (const content of [
      'a\u0000b. What?',
      'half \ud83d done.',
      '<|endoftext|> again?',
      `${'word '.repeat(20_000)}.`,
    ]) {
      const response = await post(ask(content));
      expect(response.status, content.slice(0, 20)).toBe(200);
    }
    const long = await post(ask('x'.repeat(5_000_000)));
    expect(await long.json()).toMatchObject({ error: { code: 'context_length_exceeded' } });
    const declared = request(`${api.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-length': 17_000_000 },
    });
    declared.on('error', () => {});
    declared.flushHeaders();
    const [tooLong] = await once(declared, 'response');
    expect(tooLong.statusCode).toBe(413);
    declared.destroy();
  });

  it('dead-letters an event that breaks its schema, with the reason', async () => {
    const { connect } = await import('amqplib');
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    channel.publish('qbtc.topic', 'llm.request', Buffer.from('{"specversion":"1.0"}'), {
      messageId: 'broken',
    });
    const letter = await eventually(
      'the dead letter is there',
      async () => {
        const message = await channel.get('q_dead_letters', { noAck: true });
        if (message === false) throw new Error('no dead letter');
        return message;
      },
      { timeoutMs: 5000 },
    );
    await connection.close();
    expect(letter.properties.headers).toMatchObject({
      'x-reason': expect.stringContaining("must have required property 'id'"),
      'x-original-exchange': 'qbtc.topic',
      'x-original-routing-key': 'llm.request',
      'x-rejected-by': 'quantum-core',
    });
    expect(letter.content.toString()).toBe('{"specversion":"1.0"}');
  });

  it('writes log lines of the one schema only', async () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const validate = ajv.compile(logLine);
    for (const service of [api, core]) {
      expect(service.lines().length).toBeGreaterThan(3);
      for (const line of service.lines()) expect(validate(JSON.parse(line)), line).toBe(true);
    }
  });

  it('shows health in detail and metrics', async () => {
    const health = await (await fetch(`${core.url}/health`)).json();
    expect(health).toMatchObject({
      service: 'quantum-core',
      status: 'healthy',
      checks: {
        broker: { status: 'healthy' },
        database: { status: 'healthy' },
        cache: { status: 'healthy' },
      },
    });
    const metrics = await (await fetch(`${core.url}/metrics`)).text();
    expect(metrics).toMatch(/llm_tokens_total\{.*kind="prompt".*\} [1-9]/);
    expect(await (await fetch(`${api.url}/metrics`)).text()).toMatch(/http_request_duration_seconds_count\{/);
  });

  it('goes on without the cache, and says that it is degraded', async () => {
    await cache.kill();
    const response = await post(ask('No cache. Works?'));
    expect(response.status).toBe(200);
    expect(await (await fetch(`${core.url}/health`)).json()).toMatchObject({
      status: 'degraded',
      checks: { cache: { status: 'degraded', reason: expect.stringMatching(/./) } },
    });
    await cache.start();
    await core.healthy();
  });

  it('answers with 503 while the database is away, and works again when it is back', async () => {
    await database.kill();
    const response = await post(ask('No database?'));
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      error: { code: 'service_unavailable', type: 'server_error' },
    });
    await database.start();
    await core.healthy();
    expect((await post(ask('Back again?'))).status).toBe(200);
  });

  it('answers with 504 in time when the core is gone, and keeps nothing', async () => {
    await core.stop();
    const started = performance.now();
    const response = await post(ask('Anyone?'));
    expect(response.status).toBe(504);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(await response.json()).toMatchObject({ error: { code: 'timeout', type: 'server_error' } });
    expect((await fetch(`${api.url}/v1/models`)).status).toBe(503);

    // A client that leaves is not waited for any longer.
    const leaving = new AbortController();
    const left = client.chat.completions
      .create(ask('Leaving.'), { signal: leaving.signal })
      .catch((error) => error);
    await eventually('it waits', async () => expect(await pending()).toBe(1), { timeoutMs: 10_000 });
    leaving.abort();
    expect(await left).toBeInstanceOf(APIError);
    await eventually('it waits no longer', async () => expect(await pending()).toBe(0), {
      timeoutMs: 10_000,
    });

    core = await startCore();
    await core.healthy();
    // What waited in the queue has expired: it is dropped, not answered into the void.
    const rows = await query(
      database.url,
      `select 1 from qcs_quantum.interactions where request::text like '%Anyone?%'`,
    );
    expect(rows).toEqual([]);
    expect((await post(ask('Anyone now?'))).status).toBe(200);
  });

  it('answers with 503 while the broker is away, and works again when it is back', async () => {
    await broker.kill();
    await eventually(
      'the API has noticed',
      async () => expect((await fetch(`${api.url}/health`)).status).toBe(503),
      { timeoutMs: 10_000 },
    );
    const response = await post(ask('No broker?'));
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: 'service_unavailable' } });
    await broker.start();
    await Promise.all([api.healthy(), core.healthy()]);
    await eventually('it answers', async () => expect((await post(ask('Back?'))).status).toBe(200), {
      timeoutMs: 10_000,
    });
  });

  it('ends in order when it is told to', async () => {
    await Promise.all([core.stop(), api.stop()]);
    // The core takes its time to start on a busy machine, and nothing here is about being late.
    api = await startApi({ LLM_DEADLINE_MS: '60000', SHUTDOWN_TIMEOUT_MS: '60000' });
    await api.healthy();
    const inWork = post(ask('The last one.'));
    await eventually('it waits', async () => expect(await pending()).toBe(1), { timeoutMs: 10_000 });
    const stopped = api.stop();
    core = await startCore();
    const [answer, code] = await Promise.all([inWork, stopped]);
    expect(answer.status).toBe(200);
    expect(code).toBe(0);
    expect(api.lines().at(-1)).toContain('"message":"ended"');
    api = await startApi();
    await api.healthy();
  });
});
