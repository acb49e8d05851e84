import type { LlmRequest } from '@stack/contracts/llm';
import { startScripted } from '@stack/testing/scripted';
import { startOllama, type Upstream } from '@stack/testing/upstream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCollector } from '../../../src/answering/collect.ts';
import { createOllamaEngine } from '../../../src/answering/engines/ollama.ts';

describe('Ollama, over its own protocol', () => {
  let server: Upstream;
  beforeEach(async () => {
    server = await startOllama({ models: ['llama3.2:1b', 'qwen3'] });
  });
  afterEach(() => server.stop());

  const engine = (timeoutMs = 20_000, model?: string) =>
    createOllamaEngine({ url: `${server.url}/`, model, timeoutMs });
  const answer = async (
    request: Partial<LlmRequest>,
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ) => {
    const collector = createCollector();
    const whole = { model: 'qwen3', messages: [{ role: 'user' as const, content: 'Hello' }], ...request };
    const signal = options.signal ?? new AbortController().signal;
    for await (const output of engine(options.timeoutMs).answer(whole, signal)) collector.add(output);
    return { choices: collector.choices(), usage: collector.usage };
  };

  it('offers what is pulled, or the one that is named', async () => {
    expect((await engine().models()).map(({ id }) => id)).toEqual(['llama3.2:1b', 'qwen3']);
    expect(await engine(20_000, 'one').models()).toEqual([{ id: 'one', created: 0, owned_by: 'ollama' }]);
  });

  it('answers, with the tokens that Ollama has counted, from lines that come in pieces', async () => {
    expect(await answer({})).toEqual({
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Simulated answer to: Hello' },
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
    });
  });

  it('puts the request into Ollama’s words', async () => {
    await answer({
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } } as never,
          ],
        },
      ],
      temperature: 0.5,
      top_p: 0.9,
      seed: 3,
      stop: ['x'],
      max_tokens: 10,
      user: 'anna',
      metadata: { a: 'b' },
    });
    expect(server.requests).toEqual([
      {
        model: 'qwen3',
        stream: true,
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'What is this?', images: ['AAAA'] },
        ],
        options: { temperature: 0.5, top_p: 0.9, seed: 3, stop: ['x'], num_predict: 10 },
      },
    ]);
  });

  it('takes one text to stop at, and what asks for nothing', async () => {
    await answer({
      stop: 'x',
      n: 1,
      logit_bias: {},
      logprobs: false,
      top_logprobs: 0,
      tool_choice: 'none',
      tools: [{ type: 'function', function: { name: 'weather' } }],
      modalities: ['text'],
      parallel_tool_calls: true,
      service_tier: 'auto',
      response_format: { type: 'text' },
      messages: [{ role: 'user', content: 'Hello', name: null }],
    } as never);
    expect(server.requests).toEqual([
      {
        model: 'qwen3',
        stream: true,
        messages: [{ role: 'user', content: 'Hello' }],
        options: { stop: ['x'] },
      },
    ]);
  });

  it.each(['', ' ', null, undefined, '{}'])('takes a call without arguments: %j', async (args) => {
    const message = {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'now', arguments: args } }],
    };
    await answer({ messages: [message, { role: 'tool', tool_call_id: 'a', content: 'Noon' }] as never });
    expect(server.requests[0]?.messages).toMatchObject([
      { tool_calls: [{ function: { name: 'now', arguments: {} } }] },
      {},
    ]);
  });

  it('calls tools, and takes what they gave', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    const tools = [{ type: 'function', function: { name: 'weather', parameters } }];
    const { choices } = await answer({ tools });
    expect(choices).toMatchObject([
      {
        finish_reason: 'tool_calls',
        message: {
          content: null,
          tool_calls: [
            { id: 'call_0', type: 'function', function: { name: 'weather', arguments: '{"city":"sample"}' } },
          ],
        },
      },
    ]);
    const message = choices[0]?.message as never;
    const after = await answer({
      tools,
      messages: [
        { role: 'user', content: 'How is it?' },
        message,
        { role: 'tool', tool_call_id: 'call_0', content: 'Sunny' },
      ],
    });
    expect(after.choices[0]?.message.content).toBe('Simulated answer to: Sunny');
    expect(server.requests[1]?.messages).toMatchObject([
      {},
      { tool_calls: [{ function: { name: 'weather', arguments: { city: 'sample' } } }] },
      {},
    ]);
  });

  it('answers in JSON, as it likes and by a schema', async () => {
    const free = await answer({ response_format: { type: 'json_object' } });
    expect(JSON.parse(free.choices[0]?.message.content ?? '')).toEqual({ simulated: true });
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const bound = await answer({
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } as never,
    });
    expect(JSON.parse(bound.choices[0]?.message.content ?? '')).toEqual({ n: 1 });
    expect(server.requests.map(({ format }) => format)).toEqual(['json', schema]);
  });

  it.each([
    [{ n: 2 }, 'n', 'unsupported_value'],
    [{ tool_choice: 'required' }, 'tool_choice', 'unsupported_value'],
    [{ logit_bias: { 1: 2 } }, 'logit_bias', 'unsupported_parameter'],
    [{ service_tier: 'priority' }, 'service_tier', 'unsupported_parameter'],
    [
      { parallel_tool_calls: false, tools: [{ type: 'function', function: { name: 'f' } }] },
      'parallel_tool_calls',
      'unsupported_parameter',
    ],
    [
      { response_format: { type: 'json_schema' } },
      'response_format.json_schema.schema',
      'missing_required_parameter',
    ],
    [
      {
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://x/y.png' } }] }],
      },
      'messages[0].content',
      'unsupported_value',
    ],
  ])('refuses what Ollama has no words for: %j', async (request, param, code) => {
    await expect(answer(request as never)).rejects.toMatchObject({ error: { status: 400, param, code } });
    expect(server.requests).toEqual([]);
  });

  it('says what went wrong', async () => {
    server.mode = 'cuts';
    await expect(answer({})).rejects.toMatchObject({ error: { status: 502 } });
    server.mode = 'garbage';
    await expect(answer({})).rejects.toMatchObject({ error: { status: 502, code: 'bad_engine_answer' } });
    server.mode = 'fails';
    await expect(answer({})).rejects.toMatchObject({
      error: { status: 502, message: 'The server had an error.' },
    });
    server.mode = 'silent';
    await expect(answer({}, { timeoutMs: 100 })).rejects.toMatchObject({
      error: { status: 504, code: 'engine_timeout' },
    });
    await server.down();
    await expect(answer({})).rejects.toMatchObject({ error: { status: 502, code: 'engine_unreachable' } });
    await expect(engine().models()).rejects.toMatchObject({ error: { code: 'engine_unreachable' } });
  });

  it('lets go of the request when nobody waits for it', async () => {
    server.mode = 'silent';
    const leaving = new AbortController();
    const reason = new Error('gone');
    const asked = answer({}, { signal: leaving.signal });
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    leaving.abort(reason);
    await expect(asked).rejects.toBe(reason);
    while (server.abandoned === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it.each([
    [
      '{"error":"an error was encountered while running the model"}\n',
      502,
      'an error was encountered while running the model',
      'answer',
    ],
    ['{"error":{"message":"too long","code":400}}\r\n', 400, 'too long', 'request'],
    ['{"error":"no newline at the end"}', 502, 'no newline at the end', 'answer'],
  ])('keeps the reason that stands in the stream: %s', async (line, status, message, fault) => {
    const scripted = await startScripted();
    try {
      const said = '\uFEFF{"message":{"role":"assistant","content":"Hel"},"done":false}\r\n\r\n';
      scripted.script = { type: 'application/x-ndjson', pieces: [said, line] };
      const outputs = createOllamaEngine({ url: scripted.url, model: 'm', timeoutMs: 20_000 }).answer(
        { model: 'm', messages: [{ role: 'user', content: 'x' }] },
        new AbortController().signal,
      );
      const all = async () => {
        for await (const _ of outputs);
      };
      await expect(all()).rejects.toMatchObject({ error: { status, message }, fault });
    } finally {
      await scripted.stop();
    }
  });

  it('ends with the line that is done, though the connection stays open, and takes no counts that are none', async () => {
    const scripted = await startScripted();
    try {
      const line = { message: { role: 'assistant', content: 'Hello' }, done: true };
      scripted.script = {
        type: 'application/x-ndjson',
        pieces: [`${JSON.stringify({ ...line, prompt_eval_count: -1, eval_count: 3e9 })}\n`],
        stays: true,
      };
      const outputs = createOllamaEngine({ url: scripted.url, model: 'm', timeoutMs: 20_000 }).answer(
        { model: 'm', messages: [{ role: 'user', content: 'x' }] },
        new AbortController().signal,
      );
      const found = [];
      for await (const output of outputs) found.push(output);
      expect(found.at(-1)).toEqual({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    } finally {
      await scripted.stop();
    }
  });
});
