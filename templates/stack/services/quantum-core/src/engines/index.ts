import type { Engine } from '../engine.ts';
import { createOfflineEngine } from './offline.ts';
import { createOpenAiCompatibleEngine } from './openai-compatible.ts';

/** The engine that the environment names: an OpenAI-compatible endpoint, or else the offline engine. */
export function chooseEngine(configuration: {
  ENGINE_URL?: string | undefined;
  ENGINE_API_KEY?: string | undefined;
  ENGINE_MODEL?: string | undefined;
  ENGINE_TIMEOUT_MS: number;
}): Engine {
  const { ENGINE_URL, ENGINE_API_KEY, ENGINE_MODEL, ENGINE_TIMEOUT_MS } = configuration;
  if (ENGINE_URL === undefined) return createOfflineEngine();
  return createOpenAiCompatibleEngine({
    url: ENGINE_URL,
    apiKey: ENGINE_API_KEY,
    model: ENGINE_MODEL,
    timeoutMs: ENGINE_TIMEOUT_MS,
  });
}
