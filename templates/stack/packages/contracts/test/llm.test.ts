import {
  type LlmRequest,
  type LlmResponse,
  llmModelsResponse,
  llmRequest,
  llmResponse,
} from '@stack/contracts/llm';
import { EventInvalid } from '@stack/runtime/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const attributes = { source: 'test', correlationid: 'c' };
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });

// Typed as the type says: what TypeScript takes, the schema has to take, or the two have drifted apart.
const requests: fc.Arbitrary<LlmRequest> = fc.record(
  {
    model: fc.stringMatching(/^[a-z0-9/:._-]{1,40}$/),
    messages: fc.array(
      fc.oneof(
        fc.record({ role: fc.constantFrom('system' as const, 'user' as const), content: fc.string() }),
        fc.record({ role: fc.constant('assistant' as const), content: optional(fc.string()) }),
        fc.record({
          role: fc.constant('user' as const),
          content: fc.array(fc.record({ type: fc.constant('text'), text: fc.string() }), { minLength: 1 }),
        }),
      ),
      { minLength: 1, maxLength: 5 },
    ),
    stream: optional(fc.boolean()),
    max_tokens: optional(fc.integer({ min: 1 })),
    temperature: optional(fc.double({ min: 0, max: 2, noNaN: true })),
    stop: optional(
      fc.oneof(fc.string({ minLength: 1 }), fc.array(fc.string({ minLength: 1 }), { maxLength: 4 })),
    ),
    n: optional(fc.integer({ min: 1, max: 128 })),
  },
  { requiredKeys: ['model', 'messages'] },
);

const part = { index: 0, answer: 'try' };
const completion = { id: 'c', created: 1, model: 'm', engine: 'e', cached: false };
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const responses: LlmResponse[] = [
  { ...part, kind: 'chunk', completion, choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] },
  { ...part, kind: 'chunk', completion, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { ...part, kind: 'complete', completion, usage },
  {
    ...part,
    kind: 'complete',
    completion,
    usage,
    choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
  },
  { ...part, kind: 'error', error: { status: 404, message: 'm', type: 't', param: null, code: 'c' } },
];

describe('llm_request', () => {
  it('takes every request of the type, and gives it back', () => {
    fc.assert(
      fc.property(requests, (data) => {
        const event = llmRequest.create(data, attributes);
        expect(llmRequest.decode(llmRequest.encode(event))).toEqual(JSON.parse(JSON.stringify(event)));
      }),
    );
  });

  it.each([
    ['no messages', { model: 'm' }, '/data', 'required'],
    ['empty messages', { model: 'm', messages: [] }, '/data/messages', 'minItems'],
    ['messages of another type', { model: 'm', messages: 'x' }, '/data/messages', 'type'],
    [
      'a message without a role',
      { model: 'm', messages: [{ content: 'x' }] },
      '/data/messages/0',
      'required',
    ],
    [
      'a role that nobody has',
      { model: 'm', messages: [{ role: 'me', content: 'x' }] },
      '/data/messages/0/role',
      'enum',
    ],
    [
      'a model of control characters',
      { model: 'a\u0000', messages: [{ role: 'user', content: 'x' }] },
      '/data/model',
      'pattern',
    ],
    [
      'a negative limit',
      { model: 'm', messages: [{ role: 'user', content: 'x' }], max_tokens: -1 },
      '/data/max_tokens',
      'minimum',
    ],
    ['no object', null, '/data', 'type'],
  ])('refuses %s and says where', (_name, data, path, keyword) => {
    let thrown: unknown;
    try {
      llmRequest.encode(llmRequest.create(data as never, attributes));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(EventInvalid);
    expect((thrown as EventInvalid).problem).toMatchObject({ path, keyword });
  });
});

describe('llm_response', () => {
  it.each(responses)('takes a part of the kind $kind', (data) => {
    expect(llmResponse.decode(llmResponse.encode(llmResponse.create(data, attributes))).data).toEqual(data);
  });

  it.each([
    [{ ...part, kind: 'chunk' }],
    [{ ...part, kind: 'complete', completion }],
    [{ ...part, kind: 'error' }],
    [{ kind: 'complete', completion, usage }],
    [{ ...responses[0], surprise: 1 }],
  ])('refuses what misses something or has too much: %o', (data) => {
    expect(() => llmResponse.encode(llmResponse.create(data as never, attributes))).toThrow(EventInvalid);
  });
});

describe('llm_models_response', () => {
  it('shares the error of llm_response', () => {
    const error = { status: 502, message: 'm', type: 't', param: null, code: null };
    const ok = llmModelsResponse.create({ ...part, kind: 'error', error }, attributes);
    expect(llmModelsResponse.decode(llmModelsResponse.encode(ok))).toEqual(ok);
    const broken = llmModelsResponse.create(
      { ...part, kind: 'error', error: { ...error, status: 200 } },
      attributes,
    );
    expect(() => llmModelsResponse.encode(broken)).toThrow(EventInvalid);
  });
});
