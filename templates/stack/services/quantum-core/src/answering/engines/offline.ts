import type { ChoiceDelta, LlmRequest, Usage } from '@stack/contracts/llm';
import { type Engine, refusal } from '../engine.ts';
import { textOf } from '../message-text.ts';
import { refuseOtherFields } from '../question.ts';
import { extract } from './extract.ts';

type Tokenizer = typeof import('../tokens.ts');

export const OFFLINE = 'qbtc-offline';

/** The longest conversation that it reads. */
const MOST_TOKENS = 32_768;
const MOST_CHARACTERS = 262_144;
const WORDS_IN_A_CHUNK = 8;
const QUESTION_SHOWN = 200;

/**
 * Fields that it takes. Those that steer sampling have no effect, as it does not sample:
 * the same conversation always has the same answer.
 */
const TAKEN = new Set([
  'model',
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'n',
  'temperature',
  'top_p',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'response_format',
]);

/**
 * The engine that needs no model and no network. It is not a language model and does not pretend to be one:
 * it answers with quotations from the conversation itself, and says so.
 */
export function createOfflineEngine(): Required<Engine> {
  return {
    name: OFFLINE,
    models: async () => [{ id: OFFLINE, created: 0, owned_by: 'qbtc' }],
    async *answer(request) {
      const { text, finish_reason, usage } = await answerTo(request);
      yield { choices: each(request, { delta: { role: 'assistant', content: '' } }) };
      for (const content of chunks(text)) yield { choices: each(request, { delta: { content } }) };
      yield { choices: each(request, { delta: {}, finish_reason }) };
      yield { choices: [], usage };
    },
    async answerAtOnce(request) {
      const { text, finish_reason, usage } = await answerTo(request);
      const delta = { role: 'assistant', content: text };
      return { choices: each(request, { delta, finish_reason }), usage };
    },
  };
}

async function answerTo(request: LlmRequest) {
  refuseWhatItCannotDo(request);
  const tokenizer = await import('../tokens.ts');
  const prompt_tokens = countPrompt(request, tokenizer);
  const { text, finish_reason } = bound(compose(request), request, tokenizer);
  const completion_tokens = tokenizer.countTokens(text) * choicesOf(request);
  const usage: Usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  return { text, finish_reason, usage };
}

function choicesOf({ n }: LlmRequest): number {
  return n ?? 1;
}

/** The same for each choice: it does not sample, so they do not differ. */
function each(request: LlmRequest, said: Omit<ChoiceDelta, 'index'>): ChoiceDelta[] {
  return Array.from({ length: choicesOf(request) }, (_, index) => ({ ...said, index }) as ChoiceDelta);
}

function refuseWhatItCannotDo(request: LlmRequest): void {
  refuseOtherFields(request, TAKEN, `with the model '${OFFLINE}'`);
  const format = request.response_format?.type ?? 'text';
  if (format !== 'text') throw unsupportedValue('response_format', `the type ${format}`);
  request.messages.forEach((message, index) => {
    const parts = Array.isArray(message.content) ? message.content : [];
    const other = parts.find(({ type }) => type !== 'text');
    if (other !== undefined)
      throw unsupportedValue(`messages[${index}].content`, `a part of the type ${other.type}`);
  });
}

function unsupportedValue(param: string, what: string) {
  return refusal(
    `Unsupported value: '${param}' does not support ${what} with the model '${OFFLINE}'.`,
    param,
    'unsupported_value',
  );
}

function countPrompt({ messages }: LlmRequest, { countPromptTokens }: Tokenizer): number {
  const characters = messages.reduce((sum, message) => sum + textOf(message).length, 0);
  const tokens = characters > MOST_CHARACTERS ? undefined : countPromptTokens(messages);
  if (tokens !== undefined && tokens <= MOST_TOKENS) return tokens;
  throw refusal(
    `This model's maximum context length is ${MOST_TOKENS} tokens (and ${MOST_CHARACTERS} characters). ` +
      `However, your messages resulted in ${tokens === undefined ? `${characters} characters` : `${tokens} tokens`}.`,
    'messages',
    'context_length_exceeded',
  );
}

function compose({ messages }: LlmRequest): string {
  const { question, quotations } = extract(
    messages.map((message) => ({ role: message.role, text: textOf(message) })),
  );
  const asked = [...question].slice(0, QUESTION_SHOWN).join('');
  const intro = `This is ${OFFLINE}: I do not generate text, I quote from this conversation.`;
  if (question === '') return `${intro} There is no text in it.`;
  const on = `"${asked}"${asked === question ? '' : ' (shortened)'}`;
  if (quotations.length === 0)
    return `${intro} Apart from your message ${on} there is nothing in it to quote.`;
  return `${intro} On ${on} it says:\n${quotations.map(({ role, text }) => `- "${text}" (${role})`).join('\n')}`;
}

/** The text as `stop` and the limit of tokens leave it. */
function bound(
  text: string,
  request: LlmRequest,
  { firstTokens }: Tokenizer,
): { text: string; finish_reason: 'stop' | 'length' } {
  const stops = typeof request.stop === 'string' ? [request.stop] : (request.stop ?? []);
  const ends = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0);
  const stopped = text.slice(0, Math.min(text.length, ...ends));
  const most = request.max_completion_tokens ?? request.max_tokens;
  if (most === undefined || most === null) return { text: stopped, finish_reason: 'stop' };
  const short = firstTokens(stopped, most);
  return { text: short, finish_reason: short === stopped ? 'stop' : 'length' };
}

/** The text in pieces of a few words, nothing left out. */
function chunks(text: string): string[] {
  return text.match(new RegExp(`\\s*(?:\\S+\\s*){1,${WORDS_IN_A_CHUNK}}`, 'g')) ?? [];
}
