import { DESTINATIONS } from '@stack/contracts/events';
import { webUiUpdate } from '@stack/contracts/platform';
import { address, integer, withDefault } from '@stack/runtime/configuration';
import { openDatabase } from '@stack/runtime/database';
import {
  CHECK_EVERY_MS,
  CHECK_TIMEOUT_MS,
  createHealthAggregator,
  type HealthChange,
} from '@stack/runtime/health-aggregator';
import { runService } from '@stack/runtime/service';
import manifest from '../package.json' with { type: 'json' };
import { registerApi } from './api.ts';
import { openSpanStore } from './span-store.ts';

const HOUR_MS = 3_600_000;

void runService({
  version: manifest.version,
  configuration: {
    DATABASE_URL: address(['postgres', 'postgresql']),
    REDIS_URL: address(['redis', 'rediss']),
    HEALTH_CHECK_MS: withDefault(integer({ min: 100, max: 3_600_000 }), String(CHECK_EVERY_MS)),
    HEALTH_TIMEOUT_MS: withDefault(integer({ min: 10, max: 60_000 }), String(CHECK_TIMEOUT_MS)),
    TRACES_KEPT_HOURS: withDefault(integer({ min: 1, max: 8760 }), '24'),
    TRACES_KEPT_SPANS: withDefault(integer({ min: 1000, max: 100_000_000 }), '200000'),
    TRACES_TIDY_MS: withDefault(integer({ min: 100, max: 86_400_000 }), '60000'),
  },
  async assemble({ configuration, name, log, bus, http, health, lifecycle, tracing, cache, registry }) {
    if (cache === undefined || registry === undefined)
      throw new Error('there is no registry without REDIS_URL');
    const database = openDatabase({
      url: configuration.DATABASE_URL,
      service: name,
      log,
      tracing,
      maxConnections: 4,
    });
    const store = openSpanStore(database);
    lifecycle.onEnd('database', () => database.close());
    health.add('database', { probe: () => store.check(), whenFailing: 'degraded' });
    health.add('cache', { probe: () => cache.check(), whenFailing: 'degraded' });

    const tell = ({ service, now, reasons }: HealthChange) => {
      const update = webUiUpdate.create(
        {
          topic: 'health',
          ...(service === undefined ? {} : { subject: service }),
          patch: { status: now, reasons },
        },
        { source: name, correlationid: crypto.randomUUID() },
      );
      bus
        .publish(webUiUpdate, update, DESTINATIONS.web_ui_update)
        .catch((error: unknown) => log.debug('could not tell that health has changed', { error }));
    };
    const aggregator = createHealthAggregator({
      services: () => registry.services(),
      log,
      everyMs: configuration.HEALTH_CHECK_MS,
      timeoutMs: configuration.HEALTH_TIMEOUT_MS,
      onChange(changes) {
        for (const change of changes) {
          log.info('health has changed', { ...change });
          tell(change);
        }
      },
    });
    lifecycle.onEnd('aggregator', async () => aggregator.close());

    const kept = {
      olderThanMs: configuration.TRACES_KEPT_HOURS * HOUR_MS,
      most: configuration.TRACES_KEPT_SPANS,
    };
    const tidying = setInterval(() => {
      store.forget(kept).catch((error: unknown) => log.warn('could not forget old traces', { error }));
    }, configuration.TRACES_TIDY_MS);
    lifecycle.onEnd('tidying', async () => clearInterval(tidying));

    await registerApi(http, { version: manifest.version, registry, aggregator, store });
  },
});
