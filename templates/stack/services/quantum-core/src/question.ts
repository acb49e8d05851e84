import type { LlmRequest } from '@stack/contracts/llm';
import { stringify } from 'safe-stable-stringify';

/** Fields that change how an answer travels or who asks, but not the answer. */
export const NOT_PART_OF_THE_QUESTION: ReadonlySet<string> = new Set([
  'stream',
  'stream_options',
  'user',
  'metadata',
  'store',
  'safety_identifier',
  'prompt_cache_key',
]);

/** What an answer depends on, as one text that is the same for the same question. */
export function questionIn(request: LlmRequest): string {
  const question = Object.fromEntries(
    Object.entries(request).filter(
      ([field, value]) => value !== null && !NOT_PART_OF_THE_QUESTION.has(field),
    ),
  );
  return stringify(question) ?? '';
}
