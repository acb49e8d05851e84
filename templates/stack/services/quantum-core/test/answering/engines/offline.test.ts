import type { LlmRequest } from '@stack/contracts/llm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCollector } from '../../../src/answering/collect.ts';
import { EngineError } from '../../../src/answering/engine.ts';
import { createOfflineEngine, OFFLINE } from '../../../src/answering/engines/offline.ts';
import { countPromptTokens, countTokens } from '../../../src/answering/tokens.ts';

const engine = createOfflineEngine();

async function answer(request: Partial<LlmRequest>) {
  const collector = createCollector();
  const signal = new AbortController().signal;
  for await (const output of engine.answer({ model: OFFLINE, messages: [], ...request }, signal))
    collector.add(output);
  // In pieces or at once, it is the same.
  const atOnce = createCollector();
  atOnce.add(await engine.answerAtOnce({ model: OFFLINE, messages: [], ...request }));
  expect(atOnce.choices()).toEqual(collector.choices());
  expect(atOnce.usage).toEqual(collector.usage);
  const [choice] = collector.choices();
  return {
    text: choice?.message.content ?? '',
    finish: choice?.finish_reason,
    usage: collector.usage,
    choices: collector.choices(),
  };
}

/** Of Unicode. fast-check's own unit `binary` lists them all first, which takes half a second. */
const anyCharacter = fc
  .nat({ max: 0x10ffff - 0x800 })
  .map((nth) => String.fromCodePoint(nth < 0xd800 ? nth : nth + 0x800));

const messages = fc.array(
  fc.record({
    role: fc.constantFrom('system' as const, 'user' as const, 'assistant' as const),
    content: fc.oneof(fc.lorem({ mode: 'sentences', maxCount: 4 }), fc.string({ unit: anyCharacter })),
  }),
  { minLength: 1, maxLength: 6 },
);

describe('the offline engine', () => {
  it('gives as many choices as are wanted, which do not differ, and counts the tokens of all', async () => {
    const messages = [{ role: 'user' as const, content: 'One is one. What is one?' }];
    const [one, three] = [await answer({ messages }), await answer({ messages, n: 3 })];
    expect(three.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(three.choices.map(({ message }) => message.content))).toEqual(new Set([one.text]));
    expect(three.usage?.completion_tokens).toBe(3 * (one.usage?.completion_tokens ?? 0));
  });

  it('says what it is and quotes the sentence that the question is about', async () => {
    const { text, finish } = await answer({
      messages: [
        {
          role: 'system',
          content: 'The library opens at eight. The bakery is next to the station. Dogs are not allowed.',
        },
        { role: 'user', content: 'Thanks. Where is the bakery?' },
      ],
    });
    expect(text).toContain(`This is ${OFFLINE}: I do not generate text, I quote from this conversation.`);
    expect(text).toContain('On "Where is the bakery?" it says:');
    expect(text).toContain('- "The bakery is next to the station." (system)');
    expect(finish).toBe('stop');
  });

  it('says that there is nothing to quote when there is nothing but the question', async () => {
    const { text } = await answer({ messages: [{ role: 'user', content: 'Who are you?' }] });
    expect(text).toContain('Apart from your message "Who are you?" there is nothing in it to quote.');
    expect((await answer({ messages: [{ role: 'user', content: '' }] })).text).toContain(
      'There is no text in it.',
    );
  });

  it('answers the same to the same, quotes only what was said, and counts its tokens', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (conversation) => {
        const first = await answer({ messages: conversation });
        expect(await answer({ messages: conversation, temperature: 2, seed: 1 })).toEqual(first);
        const said = conversation.map(({ content }) => content).join('\n');
        const quotations = first.text.split('\n').slice(1);
        for (const line of quotations.filter((quotation) => quotation.startsWith('- "'))) {
          expect(said).toContain(line.slice('- "'.length).replace(/" \((system|user|assistant)\)$/, ''));
        }
        expect(first.usage).toMatchObject({
          prompt_tokens: countPromptTokens(conversation),
          completion_tokens: countTokens(first.text),
        });
      }),
    );
  });

  it('keeps to max_tokens and stop', async () => {
    await fc.assert(
      fc.asyncProperty(
        messages,
        fc.integer({ min: 1, max: 80 }),
        fc.array(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        async (conversation, max_tokens, stop) => {
          const whole = await answer({ messages: conversation });
          const bounded = await answer({ messages: conversation, max_tokens, stop });
          expect(whole.text.startsWith(bounded.text)).toBe(true);
          expect(bounded.usage?.completion_tokens).toBeLessThanOrEqual(max_tokens);
          for (const text of stop) expect(bounded.text).not.toContain(text);
          if (bounded.finish === 'length') expect(countTokens(whole.text)).toBeGreaterThan(max_tokens);
        },
      ),
    );
  });

  it.each([
    [{ tools: [{ type: 'function' }] }, 'tools', 'unsupported_parameter'],
    [{ functions: [{}] }, 'functions', 'unsupported_parameter'],
    [{ logprobs: true }, 'logprobs', 'unsupported_parameter'],
    [{ logit_bias: { 5: 1 } }, 'logit_bias', 'unsupported_parameter'],
    [{ something_new: 1 }, 'something_new', 'unsupported_parameter'],
    [{ response_format: { type: 'json_object' as const } }, 'response_format', 'unsupported_value'],
    [{ response_format: { type: 'json_schema' as const } }, 'response_format', 'unsupported_value'],
    [
      { messages: [{ role: 'user' as const, content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      'messages[0].content',
      'unsupported_value',
    ],
    [
      { messages: [{ role: 'user' as const, content: 'x'.repeat(300_000) }] },
      'messages',
      'context_length_exceeded',
    ],
    [
      { messages: [{ role: 'user' as const, content: 'a b '.repeat(30_000) }] },
      'messages',
      'context_length_exceeded',
    ],
  ])('refuses what it cannot do: %o', async (request, param, code) => {
    const refused = answer({ messages: [{ role: 'user', content: 'x' }], ...request });
    await expect(refused).rejects.toBeInstanceOf(EngineError);
    await expect(refused).rejects.toMatchObject({
      error: { status: 400, type: 'invalid_request_error', param, code },
    });
  });

  it.each([
    [{ tools: [] }],
    [{ n: 1 }],
    [{ logprobs: false }],
    [{ response_format: { type: 'text' as const } }],
    [{ tools: null }],
  ])('takes what asks for nothing: %o', async (request) => {
    expect((await answer({ messages: [{ role: 'user', content: 'x' }], ...request })).finish).toBe('stop');
  });
});
