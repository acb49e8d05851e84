import type { Engine } from '../engine.ts';
import { createOfflineEngine } from './offline.ts';
import { createOllamaEngine } from './ollama.ts';
import { createOpenAiCompatibleEngine } from './openai-compatible.ts';

export interface EngineConfiguration {
  OLLAMA_URL?: string | undefined;
  OLLAMA_MODEL?: string | undefined;
  GROQ_API_KEY?: string | undefined;
  GROQ_MODEL?: string | undefined;
  ENGINE_URL?: string | undefined;
  ENGINE_API_KEY?: string | undefined;
  ENGINE_MODEL?: string | undefined;
  ENGINE_OFFLINE: 'auto' | 'always' | 'never';
  ENGINE_TIMEOUT_MS: number;
}

const GROQ_URL = 'https://api.groq.com/openai/v1';

/**
 * The engines that the environment names, best first: an OpenAI-compatible endpoint, Groq, Ollama. The offline engine is
 * the last of them with `always`, and the only one when nothing else is named, unless `never`.
 */
export function chooseEngines(configuration: EngineConfiguration): Engine[] {
  const { OLLAMA_URL, OLLAMA_MODEL, GROQ_API_KEY, GROQ_MODEL, ENGINE_URL, ENGINE_API_KEY, ENGINE_MODEL } =
    configuration;
  const timeoutMs = configuration.ENGINE_TIMEOUT_MS;
  const engines: Engine[] = [];
  if (ENGINE_URL !== undefined)
    engines.push(
      createOpenAiCompatibleEngine({
        name: 'openai-compatible',
        url: ENGINE_URL,
        apiKey: ENGINE_API_KEY,
        model: ENGINE_MODEL,
        timeoutMs,
      }),
    );
  if (GROQ_API_KEY !== undefined)
    engines.push(
      createOpenAiCompatibleEngine({
        name: 'groq',
        url: GROQ_URL,
        apiKey: GROQ_API_KEY,
        model: GROQ_MODEL,
        timeoutMs,
      }),
    );
  if (OLLAMA_URL !== undefined)
    engines.push(createOllamaEngine({ url: OLLAMA_URL, model: OLLAMA_MODEL, timeoutMs }));
  const offline = configuration.ENGINE_OFFLINE;
  if (offline === 'always' || (offline === 'auto' && engines.length === 0))
    engines.push(createOfflineEngine());
  return engines;
}
