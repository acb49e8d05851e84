import type { Usage } from '@stack/contracts/llm';
import * as z from 'zod/mini';

const price = z.number().check(z.gte(0));

/** US dollars for a million tokens, by model. */
export const pricesSchema = z.record(z.string(), z.object({ prompt: price, completion: price }));
export type Prices = z.infer<typeof pricesSchema>;

/** What the answer cost in US dollars; `undefined` when nobody has said what the model costs. */
export function costOf(prices: Prices, model: string, usage: Usage): number | undefined {
  const known = Object.hasOwn(prices, model) ? prices[model] : undefined;
  if (known === undefined) return undefined;
  return (usage.prompt_tokens * known.prompt + usage.completion_tokens * known.completion) / 1_000_000;
}
