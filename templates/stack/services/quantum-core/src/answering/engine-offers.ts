import type { Model } from '@stack/contracts/llm';
import type { Engine, EngineError } from './engine.ts';
import { explain } from './engines/upstream.ts';

/** What an engine offers as far as is known. */
export interface Offer {
  models: Model[];
  /** Why it could not be asked the last time. */
  problem: EngineError | undefined;
}

const KNOWN_MS = 10_000;
const FAILED_MS = 2_000;

/**
 * Asks an engine what it offers, every few seconds at most and once for all who want to know. Nobody waits for an engine
 * that has said it before: one that hangs must not hold up requests that others answer.
 */
export function createOffers(engine: Engine): () => Promise<Offer> {
  let offer: Offer = { models: [], problem: undefined };
  let until = 0;
  let asking: Promise<void> | undefined;

  const ask = async (): Promise<void> => {
    try {
      offer = { models: await engine.models(), problem: undefined };
    } catch (error) {
      const problem = explain(error);
      // What it offered before it was away it may offer again.
      offer = { models: offer.models, problem };
    }
    until = performance.now() + (offer.problem === undefined ? KNOWN_MS : FAILED_MS);
  };

  return async () => {
    if (performance.now() < until) return offer;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    if (offer.models.length === 0) await asking;
    return offer;
  };
}
