import { randomUUID } from 'node:crypto';
import {
  LLM_MODELS_REQUESTS,
  LLM_REQUESTS,
  llmModelsRequest,
  llmModelsResponse,
  llmRequest,
  llmResponse,
} from '@stack/contracts/llm';
import { address, integer, optionalText, withDefault } from '@stack/runtime/configuration';
import { runService } from '@stack/runtime/service';
import { Counter } from 'prom-client';
import * as z from 'zod/mini';
import manifest from '../package.json' with { type: 'json' };
import { createAnswering } from './answering.ts';
import { NO_CACHE, openCache } from './cache.ts';
import { EngineError } from './engine.ts';
import { chooseEngine } from './engines/index.ts';
import { openInteractions } from './interactions.ts';

void runService({
  version: manifest.version,
  configuration: {
    DATABASE_URL: address(['postgres', 'postgresql']),
    REDIS_URL: z.optional(address(['redis', 'rediss'])),
    CACHE_TTL_SECONDS: withDefault(integer({ min: 0, max: 2_592_000 }), '300'),
    PREFETCH: withDefault(integer({ min: 1, max: 1000 }), '32'),
    ENGINE_URL: z.optional(address(['http', 'https'])),
    ENGINE_API_KEY: optionalText(),
    ENGINE_MODEL: optionalText(),
    ENGINE_TIMEOUT_MS: withDefault(integer({ min: 1, max: 600_000 }), '60000'),
  },
  async assemble({ configuration, log, bus, health, metrics, lifecycle }) {
    const { DATABASE_URL, REDIS_URL, CACHE_TTL_SECONDS, PREFETCH } = configuration;
    const engine = chooseEngine(configuration);
    const interactions = openInteractions({ url: DATABASE_URL, log });
    const cached = REDIS_URL !== undefined && CACHE_TTL_SECONDS > 0;
    const cache = cached ? openCache({ url: REDIS_URL, ttlSeconds: CACHE_TTL_SECONDS, log }) : NO_CACHE;
    lifecycle.onEnd('database', () => interactions.close());
    lifecycle.onEnd('cache', () => cache.close());

    health.add('database', { probe: () => interactions.check(), whenFailing: 'unhealthy' });
    if (cached) health.add('cache', { probe: () => cache.check(), whenFailing: 'degraded' });
    health.add('engine', { probe: () => engine.models(), whenFailing: 'degraded' });

    const tokens = new Counter({
      name: 'llm_tokens_total',
      help: 'Tokens of answered requests',
      labelNames: ['engine', 'kind', 'cached'] as const,
      registers: [metrics.registry],
    });
    const { handle, gaveUp } = createAnswering({
      publish: (delivery, part) => bus.answer(delivery, llmResponse, part),
      engine,
      interactions,
      cache,
      onAnswered(outcome) {
        if (outcome.status === 'failed') return;
        const labels = { engine: engine.name, cached: String(outcome.completion.cached) };
        tokens.inc({ ...labels, kind: 'prompt' }, outcome.usage.prompt_tokens);
        tokens.inc({ ...labels, kind: 'completion' }, outcome.usage.completion_tokens);
      },
    });
    bus.consume({
      from: { queue: LLM_REQUESTS.queue },
      type: llmRequest,
      prefetch: PREFETCH,
      handle,
      gaveUp,
    });

    bus.consume({
      from: LLM_MODELS_REQUESTS,
      type: llmModelsRequest,
      prefetch: PREFETCH,
      async handle(delivery) {
        const part = { index: 0, answer: randomUUID() };
        try {
          const models = await engine.models();
          await bus.answer(delivery, llmModelsResponse, { ...part, kind: 'complete', models });
        } catch (error) {
          if (!(error instanceof EngineError)) throw error;
          await bus.answer(delivery, llmModelsResponse, { ...part, kind: 'error', error: error.error });
        }
      },
      // Who asked is gone, or asks again.
      gaveUp: async () => 'acknowledge',
    });
    log.info('answers through an engine', { engine: engine.name });
  },
});
