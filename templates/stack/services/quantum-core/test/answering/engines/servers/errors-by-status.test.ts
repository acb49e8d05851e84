import type { Script } from '@stack/testing/scripted';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../../src/answering/engine.ts';
import { answer, json, sse } from './support.ts';

/** What the common servers of OpenAI's API really send. Each row names where the form is from. */
describe('what servers say is wrong, as their whole answer', () => {
  const said = (message: string, fields: object = {}) => ({ error: { message, ...fields } });

  it.each<[string, Script, number, string, string | null, Fault]>([
    // With the status of a success.
    [
      'Gemini: 200',
      json([{ error: { code: 429, message: 'Quota exceeded', status: 'RESOURCE_EXHAUSTED' } }]),
      429,
      'Quota exceeded',
      null,
      'answer',
    ],
    [
      'an error with 200',
      json({ error: 'no model is loaded' }),
      502,
      'no model is loaded',
      'engine_failed',
      'answer',
    ],
    // With a status of their own.
    [
      'OpenAI',
      json(said('bad', { type: 'invalid_request_error', param: 'n', code: 'c' }), 400),
      400,
      'bad',
      'c',
      'request',
    ],
    ['Ollama', json({ error: 'model "m" not found' }, 404), 404, 'model "m" not found', null, 'request'],
    [
      'Mistral: detail',
      json(
        { detail: [{ loc: ['body', 'messages', 0], msg: 'field required', type: 'value_error.missing' }] },
        422,
      ),
      422,
      'body.messages.0: field required',
      null,
      'request',
    ],
    [
      'Mistral: object error, detail in the message',
      json(
        {
          object: 'error',
          message: { detail: [{ loc: ['body', 'n'], msg: 'too many' }] },
          type: 'invalid_request_error',
          param: null,
          code: null,
        },
        422,
      ),
      422,
      'body.n: too many',
      null,
      'request',
    ],
    [
      'Mistral: a code of its own',
      json(
        { object: 'error', message: 'Invalid model: m', type: 'invalid_model', param: null, code: '1500' },
        400,
      ),
      400,
      'Invalid model: m',
      '1500',
      'request',
    ],
    [
      'a gateway: message',
      json({ message: 'API rate limit exceeded' }, 429),
      429,
      'API rate limit exceeded',
      null,
      'answer',
    ],
    [
      'Cloudflare',
      json({ success: false, errors: [{ code: 7003, message: 'Could not route' }] }, 400),
      400,
      'Could not route',
      '7003',
      'request',
    ],
    [
      'llama.cpp: still loading',
      json(said('Loading model', { code: 503, type: 'unavailable_error' }), 503),
      502,
      'Loading model',
      'engine_failed',
      'endpoint',
    ],
    [
      'a plain text',
      { status: 500, type: 'text/plain', pieces: ['Internal Server Error'] },
      502,
      'Internal Server Error',
      'engine_failed',
      'endpoint',
    ],
    [
      'a status that is no error and no answer',
      { status: 304, pieces: [] },
      502,
      'The engine answered with the status 304.',
      'engine_failed',
      'answer',
    ],
    [
      'the page of a proxy',
      { status: 504, type: 'text/html', pieces: ['<html><h1>504</h1></html>'] },
      504,
      'The engine answered with the status 504.',
      'engine_failed',
      'endpoint',
    ],
    [
      'a request that took too long',
      json(said('timed out'), 408),
      504,
      'timed out',
      'engine_failed',
      'answer',
    ],
    [
      'no credit',
      json(said('Insufficient credits', { code: 402 }), 402),
      502,
      'The engine does not accept the key of this stack.',
      'engine_refused_key',
      'answer',
    ],
    [
      'a refused key in the stream',
      sse(said('Invalid key sk-1', { code: 401 })),
      502,
      'The engine does not accept the key of this stack.',
      'engine_refused_key',
      'answer',
    ],
  ])('%s', async (_name, script, status, message, code, fault) => {
    await expect(answer(script)).rejects.toMatchObject({ error: { status, message, code }, fault });
  });

  it('keeps the words about a key for the log', async () => {
    await expect(answer(json(said('Incorrect API key provided'), 401))).rejects.toMatchObject({
      cause: { message: 'Incorrect API key provided' },
    });
  });
});
