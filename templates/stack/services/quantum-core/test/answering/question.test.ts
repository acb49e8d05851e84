import type { LlmRequest } from '@stack/contracts/llm';
import { llmRequest } from '@stack/contracts/llm';
import { describe, expect, it } from 'vitest';
import { questionIn, refuseOtherFields, withoutNothing } from '../../src/answering/question.ts';

const bare: LlmRequest = { model: 'm', messages: [{ role: 'user', content: 'x' }] };
const TAKEN = new Set(['model', 'messages']);
const tools = [{ type: 'function', function: { name: 'f' } }];

/** Every field of CreateChatCompletionRequest (https://platform.openai.com/docs/api-reference/chat/create) as its default. */
const NOTHING: Record<string, unknown[]> = {
  audio: [null],
  frequency_penalty: [null, 0],
  function_call: [null, 'none', 'auto'],
  functions: [null, []],
  logit_bias: [null, {}],
  logprobs: [null, false],
  max_completion_tokens: [null],
  max_tokens: [null],
  metadata: [null, {}],
  modalities: [null, [], ['text']],
  n: [null, 1],
  parallel_tool_calls: [null, true, false],
  prediction: [null],
  presence_penalty: [null, 0],
  prompt_cache_key: [null, 'key'],
  prompt_cache_retention: [null, 'in-memory'],
  reasoning_effort: [null, 'none', 'medium'],
  response_format: [null, { type: 'text' }],
  safety_identifier: [null, 'who'],
  seed: [null],
  service_tier: [null, 'auto', 'default'],
  stop: [null, []],
  store: [null, false],
  stream: [null, false],
  stream_options: [null, {}, { include_usage: null }, { include_usage: false }],
  temperature: [null],
  tool_choice: [null, 'none', 'auto'],
  tools: [null, []],
  top_logprobs: [null, 0],
  top_p: [null],
  user: [null, 'anna'],
  verbosity: [null, 'medium'],
  web_search_options: [null],
};
const nothing = Object.entries(NOTHING).flatMap(([field, values]) =>
  values.map((value): [string, unknown] => [field, value]),
);

describe('a request that asks for nothing more', () => {
  it.each(nothing)('is taken by every engine: %s %j', (field, value) => {
    const request = { ...bare, [field]: value } as LlmRequest;
    expect(() => refuseOtherFields(request, TAKEN, 'here')).not.toThrow();
    expect(() =>
      llmRequest.encode(llmRequest.create(request, { source: 's', correlationid: 'c' })),
    ).not.toThrow();
  });

  it.each([
    [{ tools, tool_choice: 'none' }],
    [{ tools, tool_choice: 'none', parallel_tool_calls: false }],
    [{ functions: [{ name: 'f' }], function_call: 'none' }],
  ])('is taken by engines without tools: %j', (fields) => {
    expect(() => refuseOtherFields({ ...bare, ...fields } as LlmRequest, TAKEN, 'here')).not.toThrow();
  });

  it.each([
    ['audio', { audio: { voice: 'x', format: 'wav' } }],
    ['function_call', { function_call: { name: 'f' } }],
    ['functions', { functions: [{ name: 'f' }] }],
    ['logit_bias', { logit_bias: { 1: 2 } }],
    ['logprobs', { logprobs: true }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['n', { n: 2 }],
    ['parallel_tool_calls', { parallel_tool_calls: false, tools }],
    ['frequency_penalty', { frequency_penalty: 0.5 }],
    ['prediction', { prediction: { type: 'content', content: 'x' } }],
    ['reasoning_effort', { reasoning_effort: 'high' }],
    ['response_format', { response_format: { type: 'json_object' } }],
    ['service_tier', { service_tier: 'priority' }],
    ['tool_choice', { tool_choice: 'required' }],
    ['tools', { tools }],
    ['top_logprobs', { top_logprobs: 2 }],
    ['verbosity', { verbosity: 'low' }],
    ['web_search_options', { web_search_options: {} }],
    ['a_field_of_tomorrow', { a_field_of_tomorrow: 1 }],
  ])('is told from one that asks for %s', (param, fields) => {
    let thrown: unknown;
    try {
      refuseOtherFields({ ...bare, ...fields } as LlmRequest, TAKEN, 'here');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ error: { status: 400, param, code: 'unsupported_parameter' } });
  });
});

describe('withoutNothing', () => {
  it('leaves out what is null or empty, also in messages, and nothing else', () => {
    const message = { role: 'assistant' as const, content: null, name: null, tool_calls: [], refusal: null };
    const request = {
      ...bare,
      messages: [message],
      tools: [],
      tool_choice: 'none',
      parallel_tool_calls: true,
      n: 1,
    };
    expect(withoutNothing({ ...request, stop: null, logit_bias: {} } as LlmRequest)).toEqual({
      model: 'm',
      messages: [{ role: 'assistant', content: null }],
      n: 1,
      logit_bias: {},
    });
    const called = { ...bare, tools, tool_choice: 'auto', parallel_tool_calls: false } as LlmRequest;
    expect(withoutNothing(called)).toEqual(called);
  });

  it('makes no other question of it', () => {
    expect(questionIn({ ...bare, stop: null, tools: [], user: 'anna' })).toBe(questionIn(bare));
    expect(questionIn({ ...bare, seed: 1 })).not.toBe(questionIn(bare));
  });
});
