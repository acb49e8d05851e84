import type { Script } from '@stack/testing/scripted';
import { describe, expect, it } from 'vitest';
import { answer, chunk, filterResults, json, sse, usage } from './support.ts';

/** What the common servers of OpenAI's API really send. Each row names where the form is from. */
describe('answers of servers that end well', () => {
  it.each<[string, Script, { finish?: string; usage?: unknown }]>([
    [
      'OpenAI',
      sse(
        chunk({ role: 'assistant', content: 'Hel' }),
        chunk({ content: 'lo' }),
        chunk({}, 'stop'),
        '[DONE]',
      ),
      {},
    ],
    [
      'Ollama before 0.1.38: finish_reason "" (ollama#4357)',
      sse(
        chunk({ role: 'assistant', content: 'Hel' }, ''),
        chunk({ content: 'lo' }, ''),
        chunk({}, 'stop'),
        '[DONE]',
      ),
      {},
    ],
    [
      'a proxy of Gemini: no finish_reason at all, then [DONE]',
      sse(chunk({ content: 'Hel' }), chunk({ content: 'lo' }, ''), '[DONE]'),
      {},
    ],
    ['no [DONE]', sse(chunk({ content: 'Hel' }), chunk({ content: 'lo' }, 'length')), { finish: 'length' }],
    [
      'no [DONE], and no end of the last event',
      { pieces: [`data: ${JSON.stringify(chunk({ content: 'Hello' }, 'stop'))}`] },
      {},
    ],
    [
      'a connection that is cut after the end',
      { ...sse(chunk({ content: 'Hello' }, 'stop')), cuts: true },
      {},
    ],
    [
      'Azure: prompt filter first, filter results without delta, delta null (learn.microsoft.com, content streaming)',
      sse(
        { choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: filterResults }] },
        chunk({ role: 'assistant', content: 'Hel' }, null, { content_filter_results: filterResults }),
        {
          choices: [
            {
              index: 0,
              finish_reason: null,
              content_filter_offsets: { check_offset: 1 },
              content_filter_results: filterResults,
            },
          ],
        },
        chunk({ content: 'lo' }),
        chunk({}, 'stop', { content_filter_results: filterResults }),
        chunk(null, null, { content_filter_results: filterResults }),
        { choices: [], usage },
        '[DONE]',
      ),
      { usage },
    ],
    [
      'vLLM: stop_reason, usage in each chunk',
      sse(
        { ...chunk({ role: 'assistant', content: '' }), usage },
        { ...chunk({ content: 'Hello' }), usage },
        { ...chunk({ content: '' }, 'stop', { stop_reason: null }), usage },
        '[DONE]',
      ),
      { usage },
    ],
    [
      'llama.cpp: content null first',
      sse(
        chunk({ role: 'assistant', content: null }),
        chunk({ content: 'Hello' }),
        chunk({}, 'stop'),
        { choices: [], usage },
        '[DONE]',
      ),
      { usage },
    ],
    [
      'OpenRouter: comments',
      {
        pieces: [
          ': OPENROUTER PROCESSING\n\n',
          ...sse(chunk({ content: 'Hello' }), chunk({}, 'stop'), '[DONE]').pieces,
        ],
      },
      {},
    ],
    [
      'Groq: x_groq beside the chunk',
      sse(
        { ...chunk({ role: 'assistant', content: 'Hello' }), x_groq: { id: 'req_1' } },
        { ...chunk({}, 'stop'), x_groq: { id: 'req_1', usage } },
        '[DONE]',
      ),
      {},
    ],
    [
      'Mistral: the usage beside the last choice',
      sse(chunk({ content: 'Hello' }), { ...chunk({ content: '' }, 'stop'), usage }, '[DONE]'),
      { usage },
    ],
    [
      'Mistral: contents in parts',
      sse(
        chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] }] }),
        chunk({ content: [{ type: 'text', text: 'Hello' }] }),
        chunk({ content: '' }, 'stop'),
        '[DONE]',
      ),
      {},
    ],
    [
      'Gemini: no role, no index, no total',
      sse(
        {
          choices: [{ delta: { content: 'Hello' }, finish_reason: 'stop' }],
          usage: { prompt_tokens: 3, completion_tokens: 2 },
        },
        '[DONE]',
      ),
      { usage },
    ],
    [
      'fields that the standard ignores, CRLF, a BOM, ids, retry, empty events',
      {
        pieces: [
          '\uFEFFretry: soon\r\nid: 1\r\n',
          'x-trace: abc\r\nnothing\r\n\r\ndata:\r\n\r\ndata: \r\n\r\n',
          `event: message\r\ndata:${JSON.stringify(chunk({ content: 'Hello' }, 'stop'))}\r\n\r\n`,
          'event: ping\r\ndata: {"type":"ping"}\r\n\r\ndata:[DONE]\r\n\r\n',
        ],
      },
      {},
    ],
    [
      'an event over several lines',
      {
        pieces: [
          'data: {"choices":\ndata: [{"index":0,"delta":{"content":"Hello"},\ndata: "finish_reason":"stop"}]}\n\n',
        ],
      },
      {},
    ],
    [
      'choices: null, and null among them',
      sse(
        { choices: null, usage: null },
        { choices: [null, ...chunk({ content: 'Hello' }, 'stop').choices] },
        '[DONE]',
      ),
      {},
    ],
    [
      'error: null beside the choices',
      sse({ ...chunk({ content: 'Hello' }, 'stop'), error: null }, '[DONE]'),
      {},
    ],
    [
      'a whole completion instead of a stream',
      json({
        object: 'chat.completion',
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: 'Hello' },
            finish_reason: 'stop',
            logprobs: null,
          },
        ],
        usage,
      }),
      { usage },
    ],
    [
      'a whole message in the stream',
      sse(
        { choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }] },
        '[DONE]',
      ),
      {},
    ],
    [
      'token counts that are none',
      sse(
        chunk({ content: 'Hello' }, 'stop'),
        { choices: [], usage: { prompt_tokens: -1, completion_tokens: null, total_tokens: 0.5 } },
        '[DONE]',
      ),
      {},
    ],
    [
      'token counts that no column of the type integer holds, and a choice of a number that no list has',
      sse(
        { choices: [{ index: 4e9, delta: { content: 'Hello' }, finish_reason: 'stop' }] },
        { choices: [], usage: { prompt_tokens: 1e20, completion_tokens: 3e9, total_tokens: 1 } },
        '[DONE]',
      ),
      {},
    ],
  ])('%s', async (_name, script, { finish = 'stop', usage: counted }) => {
    const { choices, usage: found } = await answer(script);
    expect(choices).toMatchObject([
      { index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: finish },
    ]);
    expect(found).toEqual(counted);
  });

  it('takes an answer as whole whose connection stays open in silence after the last choice has ended', async () => {
    const { choices } = await answer({ ...sse(chunk({ content: 'Hello' }, 'stop')), stays: true }, {}, 500);
    expect(choices).toMatchObject([{ message: { content: 'Hello' }, finish_reason: 'stop' }]);
  });

  it('keeps what stands beside a delta as it was said last', async () => {
    const { choices } = await answer(
      sse(
        chunk({ content: 'Hello' }, null, {
          content_filter_results: filterResults,
          logprobs: { content: [1] },
        }),
        chunk({}, 'stop', { content_filter_results: filterResults, logprobs: { content: [2] } }),
      ),
    );
    expect(choices[0]).toMatchObject({
      content_filter_results: filterResults,
      logprobs: { content: [1, 2] },
    });
  });
});
