import { integer, withDefault } from '@stack/runtime/configuration';
import { runService } from '@stack/runtime/service';
import manifest from '../package.json' with { type: 'json' };
import { registerApi } from './server.ts';

void runService({
  version: manifest.version,
  configuration: {
    LLM_DEADLINE_MS: withDefault(integer({ min: 1, max: 600_000 }), '30000'),
    MODELS_TTL_MS: withDefault(integer({ min: 0, max: 3_600_000 }), '5000'),
  },
  bodyLimit: 16 * 1024 * 1024,
  async assemble({ configuration, name, log, bus, http }) {
    registerApi(http, {
      bus,
      log,
      service: name,
      deadlineMs: configuration.LLM_DEADLINE_MS,
      modelsTtlMs: configuration.MODELS_TTL_MS,
    });
  },
});
