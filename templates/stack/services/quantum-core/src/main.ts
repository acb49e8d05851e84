import { randomUUID } from 'node:crypto';
import { DESTINATIONS } from '@stack/contracts/events';
import {
  llmCancellation,
  llmModelsRequest,
  llmModelsResponse,
  llmRequest,
  llmResponse,
} from '@stack/contracts/llm';
import { tradingAnalysisRequest, tradingSignal } from '@stack/contracts/trading';
import { address, integer, jsonText, oneOf, optionalText, withDefault } from '@stack/runtime/configuration';
import { openDatabase } from '@stack/runtime/database';
import { runService } from '@stack/runtime/service';
import * as z from 'zod/mini';
import manifest from '../package.json' with { type: 'json' };
import { createAnswering } from './answering/answering.ts';
import { createCache, NO_CACHE } from './answering/cache.ts';
import { createCancellations } from './answering/cancellations.ts';
import { openConversations } from './answering/conversations.ts';
import { EngineError } from './answering/engine.ts';
import { createEngineChain } from './answering/engine-chain.ts';
import { chooseEngines } from './answering/engines/index.ts';
import { openInteractions } from './answering/interactions.ts';
import { pricesSchema } from './answering/prices.ts';
import { createCoreMetrics } from './metrics.ts';
import { createSignalling } from './signalling/signalling.ts';
import { openSignals } from './signalling/signals.ts';

void runService({
  version: manifest.version,
  configuration: {
    DATABASE_URL: address(['postgres', 'postgresql']),
    CACHE_TTL_SECONDS: withDefault(integer({ min: 0, max: 2_592_000 }), '300'),
    PREFETCH: withDefault(integer({ min: 1, max: 1000 }), '32'),
    ENGINE_URL: z.optional(address(['http', 'https'])),
    ENGINE_API_KEY: optionalText(),
    ENGINE_MODEL: optionalText(),
    GROQ_API_KEY: optionalText(),
    GROQ_MODEL: optionalText(),
    OLLAMA_URL: z.optional(address(['http', 'https'])),
    OLLAMA_MODEL: optionalText(),
    ENGINE_OFFLINE: withDefault(oneOf(['auto', 'always', 'never']), 'auto'),
    ENGINE_TIMEOUT_MS: withDefault(integer({ min: 1, max: 600_000 }), '60000'),
    ENGINE_BREAKER_FAILURES: withDefault(integer({ min: 1, max: 1000 }), '3'),
    ENGINE_BREAKER_MS: withDefault(integer({ min: 1, max: 3_600_000 }), '10000'),
    PRICES: withDefault(jsonText(pricesSchema), '{}'),
    SIGNAL_VALID_MS: withDefault(integer({ min: 1, max: 3_600_000 }), '5000'),
  },
  async assemble({ configuration, name, log, bus, health, metrics, lifecycle, tracing, cache: redis }) {
    const { DATABASE_URL, CACHE_TTL_SECONDS, PREFETCH } = configuration;
    const counted = createCoreMetrics(metrics);
    const engines = createEngineChain({
      engines: chooseEngines(configuration),
      log,
      breaker: { failures: configuration.ENGINE_BREAKER_FAILURES, openMs: configuration.ENGINE_BREAKER_MS },
      onFailure: counted.onEngineFailure,
    });
    const database = openDatabase({ url: DATABASE_URL, service: name, log, tracing });
    const interactions = openInteractions(database);
    const cancellations = createCancellations();
    lifecycle.onEnd('database', () => database.close());
    health.add('database', { probe: () => interactions.check(), whenFailing: 'unhealthy' });
    if (redis !== undefined) health.add('cache', { probe: () => redis.check(), whenFailing: 'degraded' });
    health.add('engine', { probe: () => engines.models(), whenFailing: 'degraded' });

    const answering = createAnswering({
      publish: (delivery, part) => bus.answer(delivery, llmResponse, part),
      engines,
      interactions,
      conversations: openConversations(database),
      cancellations,
      cache:
        redis === undefined || CACHE_TTL_SECONDS === 0
          ? NO_CACHE
          : createCache({ redis, ttlSeconds: CACHE_TTL_SECONDS, log }),
      prices: { 'qbtc-offline': { prompt: 0, completion: 0 }, ...configuration.PRICES },
      onAnswered: counted.onAnswered,
    });
    bus.consume({
      from: { queue: DESTINATIONS.llm_request.queue },
      type: llmRequest,
      prefetch: PREFETCH,
      handle: answering.handle,
      gaveUp: answering.gaveUp,
    });
    // Whichever core works on the request, so every core hears it.
    bus.consume({
      from: DESTINATIONS.llm_cancellation,
      type: llmCancellation,
      prefetch: PREFETCH,
      handle: async ({ event }) => cancellations.cancel(event.data.request),
      gaveUp: async () => 'acknowledge',
    });

    const signalling = createSignalling({
      publish: (delivery, part) => bus.answer(delivery, tradingSignal, part),
      signals: openSignals(database),
      validMs: configuration.SIGNAL_VALID_MS,
      onSignal: counted.onSignal,
    });
    bus.consume({
      from: { queue: DESTINATIONS.trading_analysis_request.queue },
      type: tradingAnalysisRequest,
      prefetch: PREFETCH,
      handle: signalling.handle,
      gaveUp: signalling.gaveUp,
    });

    bus.consume({
      from: DESTINATIONS.llm_models_request,
      type: llmModelsRequest,
      prefetch: PREFETCH,
      async handle(delivery) {
        const part = { index: 0, answer: randomUUID() };
        try {
          const models = await engines.models();
          await bus.answer(delivery, llmModelsResponse, { ...part, kind: 'complete', models });
        } catch (error) {
          if (!(error instanceof EngineError)) throw error;
          await bus.answer(delivery, llmModelsResponse, { ...part, kind: 'error', error: error.error });
        }
      },
      // Who asked is gone, or asks again.
      gaveUp: async () => 'acknowledge',
    });
  },
});
