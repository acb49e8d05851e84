import { integer, withDefault } from '@stack/runtime/configuration';
import { runService } from '@stack/runtime/service';
import { Counter } from 'prom-client';
import manifest from '../package.json' with { type: 'json' };
import { startRounds } from './rounds.ts';
import { work } from './work.ts';

void runService({
  version: manifest.version,
  configuration: {
    /** From the end of a round to the beginning of the next. */
    EVERY_MS: withDefault(integer({ min: 10, max: 86_400_000 }), '10000'),
  },
  async assemble({ configuration, log, health, metrics, lifecycle }) {
    const counted = new Counter({
      name: 'your_service_rounds_total',
      help: 'Rounds of work, by their outcome',
      labelNames: ['outcome'],
      registers: [metrics.registry],
    });
    const rounds = startRounds({
      everyMs: configuration.EVERY_MS,
      log,
      work,
      onOutcome: (outcome) => counted.inc({ outcome }),
    });
    lifecycle.onEnd('rounds', () => rounds.close());
    health.add('rounds', { probe: () => rounds.check(), whenFailing: 'degraded' });
  },
});
