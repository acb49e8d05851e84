import type { ChatMessage } from '@stack/contracts/llm';
import { countTokens as count, decode, encode, setMergeCacheSize } from 'gpt-tokenizer/encoding/cl100k_base';
import { textOf } from './message-text.ts';

// Its tables take 100 ms and 30 MB to read: whoever counts imports this module when there is something to count.
// The tokenizer remembers pieces of text that it has seen, 100,000 of them unless told otherwise.
setMergeCacheSize(10_000);

/** Texts that look like the tokenizer's control tokens are counted as the texts that they are. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };
/** The time for a run of one kind of character grows with the square of its length, so longer runs are cut. */
const LONGEST_RUN = 256;
const RUNS = new RegExp(`\\S{${LONGEST_RUN}}|\\s{${LONGEST_RUN}}`, 'g');

/** The number of tokens of the encoding cl100k_base (GPT-4's). */
export function countTokens(text: string): number {
  // In most texts there is nothing to be cut.
  if (text.length < LONGEST_RUN) return count(text, AS_TEXT);
  let tokens = 0;
  for (const piece of pieces(text)) tokens += count(piece, AS_TEXT);
  return tokens;
}

/**
 * The number of tokens of a conversation, counted as OpenAI documents it for chat models:
 * 3 for each message, 1 for a name, 3 that begin the answer.
 *
 * @see https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
 */
export function countPromptTokens(messages: readonly ChatMessage[]): number {
  let tokens = 3;
  for (const message of messages) {
    tokens += 3 + tokensOfRole(message.role) + countTokens(textOf(message));
    if (typeof message.name === 'string') tokens += 1 + countTokens(message.name);
  }
  return tokens;
}

/** Roles are few, and counted with every message. */
const ROLES = new Map<string, number>();
const MOST_ROLES = 16;
const LONGEST_ROLE = 32;

function tokensOfRole(role: string): number {
  const known = ROLES.get(role);
  if (known !== undefined) return known;
  const tokens = countTokens(role);
  if (ROLES.size < MOST_ROLES && role.length <= LONGEST_ROLE) ROLES.set(role, tokens);
  return tokens;
}

/** The longest beginning of the text that has at most so many tokens and ends between two characters. */
export function firstTokens(text: string, most: number): string {
  const tokens: number[] = [];
  for (const piece of pieces(text)) {
    tokens.push(...encode(piece, AS_TEXT));
    if (tokens.length > most) break;
  }
  if (tokens.length <= most) return text;
  for (let length = most; length > 0; length -= 1) {
    const beginning = decode(tokens.slice(0, length));
    // All share one decoder, which keeps the bytes of a character that was cut off for whoever decodes next.
    decode(tokens.slice(length));
    // A token may end in the middle of a character, which then decodes to something that is not in the text.
    if (text.startsWith(beginning) && countTokens(beginning) <= most) return beginning;
  }
  return '';
}

function* pieces(text: string): Generator<string> {
  let from = 0;
  for (const { index } of text.matchAll(RUNS)) {
    const to = index + LONGEST_RUN;
    yield text.slice(from, to);
    from = to;
  }
  if (from < text.length) yield text.slice(from);
}
