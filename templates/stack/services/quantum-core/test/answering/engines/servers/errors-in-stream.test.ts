import type { Script } from '@stack/testing/scripted';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../../src/answering/engine.ts';
import { answer, call, chunk, sse } from './support.ts';

/** What the common servers of OpenAI's API really send. Each row names where the form is from. */
describe('what servers say is wrong', () => {
  const some = chunk({ role: 'assistant', content: 'Hel' });
  const said = (message: string, fields: object = {}) => ({ error: { message, ...fields } });

  it.each<[string, Script, number, string, string | null, Fault]>([
    // In the middle of a stream.
    [
      'llama.cpp to b6500: the field error (llama.cpp#16109)',
      {
        pieces: [
          ...sse(some).pieces,
          'error: {"code":400,"message":"the request exceeds the available context size","type":"invalid_request_error"}\n\n',
          'data: [DONE]\n\n',
        ],
      },
      400,
      'the request exceeds the available context size',
      null,
      'request',
    ],
    [
      'llama.cpp: data',
      sse(some, said('context shift is disabled', { code: 500, type: 'server_error' }), '[DONE]'),
      502,
      'context shift is disabled',
      'engine_failed',
      'endpoint',
    ],
    [
      'vLLM, sglang',
      sse(
        some,
        said('EngineCore encountered an issue', { type: 'InternalServerError', param: null, code: 500 }),
        '[DONE]',
      ),
      502,
      'EngineCore encountered an issue',
      'engine_failed',
      'endpoint',
    ],
    [
      'vLLM: a request that is refused',
      sse(
        said('max_tokens is too large', { type: 'BadRequestError', param: 'max_tokens', code: 400 }),
        '[DONE]',
      ),
      400,
      'max_tokens is too large',
      null,
      'request',
    ],
    [
      'vLLM before 0.10: object error',
      sse(
        some,
        { object: 'error', message: 'prompt is too long', type: 'BadRequestError', param: null, code: 400 },
        '[DONE]',
      ),
      400,
      'prompt is too long',
      null,
      'request',
    ],
    [
      'LiteLLM: the code is a text',
      sse(some, said('litellm.RateLimitError: slow down', { type: 'None', param: 'None', code: '429' })),
      429,
      'litellm.RateLimitError: slow down',
      null,
      'answer',
    ],
    [
      'Groq',
      sse(
        said('Failed to call a function. Please adjust your prompt.', {
          type: 'invalid_request_error',
          code: 'tool_use_failed',
          failed_generation: '…',
          status_code: 400,
        }),
      ),
      400,
      'Failed to call a function. Please adjust your prompt.',
      'tool_use_failed',
      'request',
    ],
    [
      'Groq: in x_groq',
      sse(some, { ...chunk({}), x_groq: { id: 'req_1', error: 'over capacity' } }),
      502,
      'over capacity',
      'engine_failed',
      'answer',
    ],
    [
      'OpenAI',
      sse(some, said('The server had an error', { type: 'server_error', param: null, code: null })),
      502,
      'The server had an error',
      'engine_failed',
      'answer',
    ],
    [
      'OpenRouter: beside the choices',
      sse(some, {
        ...said('Provider disconnected', { code: 'server_error' }),
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      }),
      502,
      'Provider disconnected',
      'server_error',
      'answer',
    ],
    [
      'OpenRouter: with a status',
      sse(some, { ...said('No provider', { code: 503 }), choices: [] }),
      502,
      'No provider',
      'engine_failed',
      'endpoint',
    ],
    [
      'OpenRouter: in the choice',
      sse({
        choices: [{ index: 0, delta: {}, finish_reason: 'error', error: { code: 429, message: 'slow' } }],
      }),
      429,
      'slow',
      null,
      'answer',
    ],
    [
      'finish_reason error alone',
      sse(some, chunk({}, 'error')),
      502,
      'The engine reported an error.',
      'engine_failed',
      'answer',
    ],
    [
      'Ollama, TGI: a text',
      sse(some, { error: 'model runner has unexpectedly stopped' }),
      502,
      'model runner has unexpectedly stopped',
      'engine_failed',
      'answer',
    ],
    [
      'TGI: error_type',
      sse({ error: 'Input validation error', error_type: 'validation' }),
      422,
      'Input validation error',
      null,
      'request',
    ],
    [
      'Azure: a filter',
      sse(
        some,
        said('The response was filtered', {
          type: null,
          param: 'prompt',
          code: 'content_filter',
          status: 400,
        }),
      ),
      400,
      'The response was filtered',
      'content_filter',
      'request',
    ],
    [
      'Gemini: a list',
      sse([{ error: { code: 400, message: 'Unknown name', status: 'INVALID_ARGUMENT' } }]),
      400,
      'Unknown name',
      null,
      'request',
    ],
    [
      'Anthropic: event error',
      {
        pieces: [
          'event: error\ndata: {"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"}}\n\n',
        ],
      },
      502,
      'Overloaded',
      'engine_failed',
      'answer',
    ],
    [
      'event error with a text',
      { pieces: [...sse(some).pieces, 'event: error\ndata: out of memory\n\n'] },
      502,
      'out of memory',
      'engine_failed',
      'answer',
    ],
    [
      'event error with fields',
      { pieces: ['event: error\ndata: {"code":"503","message":"busy"}\n\n'] },
      502,
      'busy',
      'engine_failed',
      'endpoint',
    ],
    [
      'the field error with a text',
      { pieces: ['error: out of memory\n\n'] },
      502,
      'out of memory',
      'engine_failed',
      'answer',
    ],
    [
      'bare JSON in the stream',
      { pieces: [...sse(some).pieces, '{"error": {"message": "upstream closed"}}\n'] },
      502,
      'upstream closed',
      'engine_failed',
      'answer',
    ],
    [
      'bare JSON at its very end',
      { pieces: [...sse(some).pieces, '{"error": {"message": "upstream closed"}}'] },
      502,
      'upstream closed',
      'engine_failed',
      'answer',
    ],
    ['detail', sse({ detail: 'Internal error' }), 502, 'Internal error', 'engine_failed', 'answer'],
    [
      'error_msg (Baidu)',
      sse({ error_code: 336003, error_msg: 'the max length is exceeded' }),
      502,
      'the max length is exceeded',
      'engine_failed',
      'answer',
    ],
    [
      'message',
      sse({ message: 'no healthy upstream' }),
      502,
      'no healthy upstream',
      'engine_failed',
      'answer',
    ],
    [
      'a proxy: the reason as text/plain, with the status of a success',
      { type: 'text/plain', pieces: ['{"error":{"message":"no tenant"}}'] },
      502,
      'no tenant',
      'engine_failed',
      'answer',
    ],
    [
      'a proxy: a page',
      { type: 'text/html', pieces: ['<html>Log in</html>'] },
      502,
      'The engine did not answer with server-sent events, but with text/html.',
      'bad_engine_answer',
      'answer',
    ],
    [
      'an error without a word',
      sse({ error: {} }),
      502,
      'The engine reported an error without a reason.',
      'engine_failed',
      'answer',
    ],
  ])('%s', async (_name, script, status, message, code, fault) => {
    await expect(answer(script)).rejects.toMatchObject({ error: { status, message, code }, fault });
  });

  it.each<[string, Script, string, Fault]>([
    [
      'an end in the middle of an event',
      { pieces: [...sse(some).pieces, 'data: {"choices":[{"ind'] },
      'engine_broke_off',
      'endpoint',
    ],
    [
      'an end after a tool call without a reason',
      sse(call({ index: 0, id: 'a', function: { name: 'x', arguments: '{' } })),
      'engine_broke_off',
      'endpoint',
    ],
    [
      'a chunk that is too large',
      { pieces: [`data: ${'x'.repeat(5_000_000)}`] },
      'bad_engine_answer',
      'answer',
    ],
    ['chunks that are no objects', sse('7'), 'bad_engine_answer', 'answer'],
    ['a delta that is a text', sse(chunk('Hello')), 'bad_engine_answer', 'answer'],
  ])('tells an answer that cannot be read from an endpoint that fails: %s', async (_name, script, code, fault) => {
    await expect(answer(script)).rejects.toMatchObject({ error: { status: 502, code }, fault });
  });
});
