import { llmRequest } from '@stack/contracts/llm';
import { BusUnavailable, DeadlineExceeded, Unroutable } from '@stack/runtime/bus';
import { EventInvalid } from '@stack/runtime/events';
import { describe, expect, it } from 'vitest';
import { errorBody, errorOf } from '../src/openai-errors.ts';

const attributes = { source: 'test', correlationid: 'c' };
const problem = (path: string, keyword: string, params: Record<string, unknown> = {}) =>
  errorOf(new EventInvalid('llm_request', { path, keyword, params, message: 'must be good' }));

describe('errorOf', () => {
  it('names the parameter as OpenAI does', () => {
    expect(problem('/data', 'required', { missingProperty: 'messages' })).toEqual({
      status: 400,
      message: "Missing required parameter: 'messages'.",
      type: 'invalid_request_error',
      param: 'messages',
      code: 'missing_required_parameter',
    });
    expect(problem('/data/messages/0', 'required', { missingProperty: 'role' })).toMatchObject({
      param: 'messages[0].role',
    });
    expect(problem('/data/messages/3/content/1/type', 'type')).toMatchObject({
      param: 'messages[3].content[1].type',
      code: 'invalid_type',
    });
    expect(problem('/data', 'type')).toMatchObject({ status: 400, param: null });
  });

  const accept = (seed: string) =>
    llmRequest.accept({
      ...llmRequest.create({ model: 'm', messages: [{ role: 'user', content: 'x' }] }, attributes),
      data: JSON.parse(`{"model": "m", "messages": [{"role": "user", "content": "x"}], "seed": ${seed}}`),
    });

  it.each([
    '9007199254740992',
    '9007199254740993',
    '-9223372036854775808',
  ])('refuses the seed %s, of which a number of JSON would lose digits', (seed) => {
    let thrown: unknown;
    try {
      accept(seed);
    } catch (error) {
      thrown = error;
    }
    expect(errorOf(thrown)).toEqual({
      status: 400,
      message: `Invalid value for 'seed': must be ${seed.startsWith('-') ? '>= -' : '<= '}9007199254740991.`,
      type: 'invalid_request_error',
      param: 'seed',
      code: 'invalid_value',
    });
  });

  it.each(['0', '9007199254740991', '-9007199254740991', 'null'])('takes the seed %s as it is', (seed) => {
    expect(JSON.stringify(accept(seed).data.seed)).toBe(seed);
  });

  it.each([
    [new DeadlineExceeded('x'), 504, 'timeout'],
    [new BusUnavailable('amqp://user:secret@host is away'), 503, 'service_unavailable'],
    [new Unroutable('x'), 503, 'service_unavailable'],
    [
      new EventInvalid('llm_response', { path: '/id', keyword: 'type', params: {}, message: 'x' }),
      502,
      'bad_answer',
    ],
    [new Error('postgres://user:secret@host failed'), 500, null],
    ['a text', 500, null],
    [Object.assign(new Error('too large'), { statusCode: 413 }), 413, 'request_too_large'],
  ])('answers %o without saying anything about the inside', (thrown, status, code) => {
    const error = errorOf(thrown);
    expect(error).toMatchObject({ status, code });
    expect(JSON.stringify(errorBody(error))).not.toContain('secret');
    expect(errorBody(error)).toEqual({
      error: { message: error.message, type: error.type, param: null, code },
    });
  });
});
